"""Whom a broadcast left out and why; its messages that were not sent, by their reason."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

NAME = "ix_message_not_sent"
NOT_SENT = sa.text("status IN ('skipped', 'cancelled') AND broadcast_id IS NOT NULL")


def upgrade() -> None:
    """Make the table; of broadcasts from before, whom they left out was not kept."""
    op.create_table(
        "broadcast_left_out",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(32), nullable=True),
        sa.Column("reason", sa.String(15), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_broadcast_left_out_broadcast_id_broadcast")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_broadcast_left_out_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "broadcast_id", name=op.f("pk_broadcast_left_out")),
    )
    op.create_index("ix_broadcast_left_out_reason", "broadcast_left_out", ["broadcast_id", "reason", "person_id"])
    op.add_column("broadcast", sa.Column("keeps_left_out", sa.Boolean(), server_default=sa.false(), nullable=False))
    columns = ["broadcast_id", "reason", "id"]
    op.create_index(NAME, "message", columns, sqlite_where=NOT_SENT, postgresql_where=NOT_SENT)


def downgrade() -> None:
    """Take them away."""
    op.drop_index(NAME, "message")
    op.drop_column("broadcast", "keeps_left_out")
    op.drop_table("broadcast_left_out")

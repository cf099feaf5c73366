"""Broadcasts that go to a few people first, and that stop by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table of those who come first; what is under way has no canary."""
    op.add_column("broadcast", sa.Column("canary", sa.String(10), nullable=True))
    op.add_column("broadcast", sa.Column("canary_ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("broadcast", sa.Column("paused_because", sa.Text(), nullable=True))
    op.add_column("broadcast", sa.Column("limits_off", sa.Boolean(), server_default=sa.false(), nullable=False))
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "canary_message",
        sa.Column("message_id", big, autoincrement=False, nullable=False),
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_canary_message_message_id_message"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_canary_message_broadcast_id_broadcast")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_canary_message")),
    )
    op.create_index("ix_canary_message_broadcast_id", "canary_message", ["broadcast_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_canary_message_broadcast_id", "canary_message")
    op.drop_table("canary_message")
    for name in ("limits_off", "paused_because", "canary_ended_at", "canary"):
        op.drop_column("broadcast", name)

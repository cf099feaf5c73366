"""A user's stop of all sending, and the index that tells how many messages started in the last minute."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_message_started", "message"
STARTED = sa.text("started_at IS NOT NULL")


def upgrade() -> None:
    """Make both; nothing is stopped."""
    op.create_table(
        "sending_stop",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(200), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_sending_stop_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_stop")),
    )
    op.create_index(NAME, TABLE, ["started_at"], sqlite_where=STARTED, postgresql_where=STARTED)


def downgrade() -> None:
    """Take both away."""
    op.drop_index(NAME, TABLE)
    op.drop_table("sending_stop")

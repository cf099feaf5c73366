"""How far the messages of a large broadcast have been put into the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; every broadcast of before has all its messages."""
    op.add_column("broadcast", sa.Column("queued_to", sa.String(length=32)))


def downgrade() -> None:
    """Take it away. What is half queued is cancelled: no older version goes on with it."""
    op.execute(
        "UPDATE message SET status = 'cancelled' WHERE broadcast_id IN"
        " (SELECT id FROM broadcast WHERE state = 'queueing') AND status = 'queued'"
    )
    op.execute("UPDATE broadcast SET state = 'cancelled' WHERE state = 'queueing'")
    op.drop_column("broadcast", "queued_to")

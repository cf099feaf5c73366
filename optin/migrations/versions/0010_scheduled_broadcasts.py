"""A broadcast may begin at a time, and says why it ended if it did so by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("broadcast", sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("broadcast", sa.Column("ended_because", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("broadcast", "ended_because")
    op.drop_column("broadcast", "starts_at")

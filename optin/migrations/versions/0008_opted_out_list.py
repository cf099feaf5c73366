"""The numbers that are opted out, in the order in which they opted out."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_suppression_open", "suppression", ["id"], sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_suppression_open", "suppression")

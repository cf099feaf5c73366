"""How often a broadcast was changed before it started."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the number of its version: the first, for what is there already."""
    op.add_column("broadcast", sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("broadcast", "version")

"""What the rule said of a message when it was queued, and the time zones that its start looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns without a default: of older messages it was not kept, and no row is written anew."""
    op.add_column("message", sa.Column("queued_reason", sa.String(15), nullable=True))
    op.add_column("message", sa.Column("zones", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("message", "zones")
    op.drop_column("message", "queued_reason")

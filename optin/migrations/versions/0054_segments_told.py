"""The segments that Twilio told, beside those that we count."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of older messages only one of the two was kept, and nobody knows which."""
    op.add_column("message", sa.Column("segments_told", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("message", "segments_told")

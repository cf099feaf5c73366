"""The US state of people's addresses, with their memberships, and by which state a message went."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

_TABLES = ("person", "campaign_member")


def upgrade() -> None:
    """Add them, empty: nobody's address is known, and of older messages it was not kept."""
    for table in _TABLES:
        op.add_column(table, sa.Column("us_state", sa.String(2), server_default="", nullable=False))
    op.add_column("message", sa.Column("us_state", sa.String(2), nullable=True))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("message", "us_state")
    for table in _TABLES:
        op.drop_column(table, "us_state")

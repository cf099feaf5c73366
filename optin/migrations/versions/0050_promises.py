"""How many texts people are promised at most."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the promise to what people are told; so far nobody was promised anything."""
    op.add_column("disclosure", sa.Column("promised_most", sa.Integer(), nullable=True))
    op.add_column("disclosure", sa.Column("promised_per", sa.String(5), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("disclosure", "promised_per")
    op.drop_column("disclosure", "promised_most")

"""Broadcasts that leave out for whom a merge field is empty."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the choice; what there is goes to everybody, as it was confirmed."""
    op.add_column("broadcast", sa.Column("leaves_out_empty", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("broadcast", "leaves_out_empty")

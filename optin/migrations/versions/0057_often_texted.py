"""Broadcasts that leave out who got many texts lately."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

_TABLES = ("broadcast", "recurring_broadcast")


def upgrade() -> None:
    """Add the choice; what there is goes to everybody, as it was confirmed."""
    for table in _TABLES:
        op.add_column(table, sa.Column("leaves_out_often", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Take it away."""
    for table in _TABLES:
        op.drop_column(table, "leaves_out_often")

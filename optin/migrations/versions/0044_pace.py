"""How many segments a second go from a sender, and over what time a broadcast is spread."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add empty columns, so that all goes on as fast as it did, and the table of the time that is taken up."""
    op.add_column("sender", sa.Column("segments_per_second", sa.Double(), nullable=True))
    op.add_column("broadcast", sa.Column("spread_over", sa.Integer(), nullable=True))
    op.add_column("broadcast", sa.Column("seconds_apart", sa.Double(), nullable=True))
    op.create_table(
        "sending_pace",
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("owner_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("taken_until", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("sending_pace")
    op.drop_column("broadcast", "seconds_apart")
    op.drop_column("broadcast", "spread_over")
    op.drop_column("sender", "segments_per_second")

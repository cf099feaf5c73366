"""Limits of broadcast messages an hour and a day."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table in which what starts is counted by the minute; it is empty, and there is no limit."""
    op.create_table(
        "started_minute",
        sa.Column("minute", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("started", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("started_minute")

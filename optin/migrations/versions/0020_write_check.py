"""A row that is written to find out whether anything can be stored."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; its row comes with the first check."""
    op.create_table(
        "write_check",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_write_check_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_check")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("write_check")

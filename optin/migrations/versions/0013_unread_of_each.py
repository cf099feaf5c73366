"""The unread conversations of each user, counted for the first page."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UNREAD = sa.text("unread > 0 AND closed_at IS NULL")


def upgrade() -> None:
    """Add the index."""
    op.create_index(
        "ix_conversation_unread_mine",
        "conversation",
        ["assigned_to_id"],
        sqlite_where=UNREAD,
        postgresql_where=UNREAD,
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_conversation_unread_mine", "conversation")

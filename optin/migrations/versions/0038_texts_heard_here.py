"""The last text that came in at Optin itself is found at once, however many were moved here."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

IS_HEARD = sa.text("direction = 'inbound' AND id > 0")


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_message_heard", "message", ["created_at"], sqlite_where=IS_HEARD, postgresql_where=IS_HEARD)


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_message_heard", "message")

"""An index for the automatic replies that a number got lately, which every reply asks for."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WENT = sa.text("purpose = 'reply' AND status NOT IN ('skipped', 'cancelled', 'failed')")


def upgrade() -> None:
    """Make it."""
    op.create_index("ix_message_replies", "message", ["number", "created_at"], sqlite_where=WENT, postgresql_where=WENT)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_message_replies", table_name="message")

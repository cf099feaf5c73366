"""The index by which the settings list the changes of one user has these changes only, and not those of records."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

NAME, TABLE, COLUMNS = "ix_audit_entry_user", "audit_entry", ["user_id", "id"]
LISTED = sa.text("subject_kind IN ('setting', 'user', 'sender', 'template', 'conversation')")


def upgrade() -> None:
    """Make it anew with these alone."""
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, COLUMNS, sqlite_where=LISTED, postgresql_where=LISTED)


def downgrade() -> None:
    """Make it as it was. What a cancel has not marked yet is cancelled: no older version goes on with that."""
    op.execute(
        "UPDATE message SET status = 'cancelled' WHERE broadcast_id IN"
        " (SELECT id FROM broadcast WHERE state = 'cancelled') AND status IN ('queued', 'claimed')"
    )
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, COLUMNS)

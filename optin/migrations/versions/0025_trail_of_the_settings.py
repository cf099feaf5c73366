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
    """Make it as it was."""
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, COLUMNS)

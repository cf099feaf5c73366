"""The right to download personal data, and what the audit trail of the settings tells of it.

Agents could download every list until now, and go on doing so; who is invited from now on may not by itself.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TRAIL = "subject_kind IN ('setting', 'user', 'sender', 'template', 'conversation', 'import'{more})"


def upgrade() -> None:
    """Let the agents of before go on as they did."""
    op.add_column("user", sa.Column("may_download", sa.Boolean(), server_default=sa.false(), nullable=False))
    user = sa.table("user", sa.column("role", sa.String()), sa.column("may_download", sa.Boolean()))
    op.execute(user.update().where(user.c.role == "agent").values(may_download=True))
    list_in_settings(", 'download', 'export'")


def downgrade() -> None:
    """Forget who may."""
    list_in_settings("")
    if op.get_bind().dialect.name == "sqlite":
        op.execute('ALTER TABLE "user" DROP COLUMN may_download')
    else:
        op.drop_column("user", "may_download")


def list_in_settings(more: str) -> None:
    """Make the index of the settings' trail anew, with more kinds of records."""
    listed = sa.text(TRAIL.format(more=more))
    op.drop_index("ix_audit_entry_user", table_name="audit_entry")
    op.create_index(
        "ix_audit_entry_user", "audit_entry", ["user_id", "id"], sqlite_where=listed, postgresql_where=listed
    )

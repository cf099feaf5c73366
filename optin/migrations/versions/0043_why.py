"""What the rule said of a message as it was queued, where its start looked at the clock; changes by setting."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_audit_entry_setting", "audit_entry"
SETTINGS = sa.text("subject_kind = 'setting'")


def upgrade() -> None:
    """Add two columns without a default: of older messages it was not kept, and no row is written anew."""
    op.add_column("message", sa.Column("queued_reason", sa.String(15), nullable=True))
    op.add_column("message", sa.Column("zones", sa.Text(), nullable=True))
    op.create_index(NAME, TABLE, ["subject_kind", "field", "id"], sqlite_where=SETTINGS, postgresql_where=SETTINGS)


def downgrade() -> None:
    """Take them away."""
    op.drop_index(NAME, TABLE)
    op.drop_column("message", "zones")
    op.drop_column("message", "queued_reason")

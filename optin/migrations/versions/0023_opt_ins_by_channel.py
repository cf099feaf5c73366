"""The index by which a number's opt-ins are looked up holds their channel, so that no row has to be read for it."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

NAME, TABLE, BEFORE = "ix_opt_in_number", "opt_in", ["number", "status", "keyword_id"]


def upgrade() -> None:
    """Make the index anew, with the channel behind the rest."""
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, [*BEFORE, "channel"])


def downgrade() -> None:
    """Make it as it was."""
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, BEFORE)

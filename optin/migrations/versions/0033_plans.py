"""Lists along indexes of their own, also where SQLite guesses: it forgets how full its tables were (decision 15)."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

STATISTICS = ("sqlite_stat1", "sqlite_stat4")
TAIL = sa.text("substr(number, length(number) - 3)")
OF_NUMBERS = ["keyword_id", "status", "number"]
LISTED = sa.text(
    "subject_kind IN ('setting', 'user', 'sender', 'template', 'conversation', 'import', 'download', 'export', 'field')"
)


def upgrade() -> None:
    """The end of a number finds opt-ins by itself, a keyword's numbers need no row, the trail has its kinds."""
    if op.get_bind().dialect.name == "sqlite":
        for table in STATISTICS:
            op.execute(f"DROP TABLE IF EXISTS {table}")
    _anew("ix_opt_in_tail", [TAIL])
    _anew("ix_opt_in_keyword_number", [*OF_NUMBERS, "channel"])
    kinds = ["subject_kind", "id"]
    op.create_index("ix_audit_entry_kind", "audit_entry", kinds, sqlite_where=LISTED, postgresql_where=LISTED)


def downgrade() -> None:
    """Make the indexes as they were; an older version notes anew how full the tables are."""
    op.drop_index("ix_audit_entry_kind", table_name="audit_entry")
    _anew("ix_opt_in_keyword_number", OF_NUMBERS)
    _anew("ix_opt_in_tail", ["keyword_id", TAIL])


def _anew(name: str, columns: Sequence[str | sa.TextClause]) -> None:
    op.drop_index(name, table_name="opt_in")
    op.create_index(name, "opt_in", columns)

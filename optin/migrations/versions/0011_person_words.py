"""The words by which people are found, written by triggers; an index on the last four digits of numbers.

An extension for trigrams would find pieces anywhere, but it is not everywhere that PostgreSQL is, and SQLite has none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PIECES = (
    "{p}.sort_name",
    "replace({p}.sort_name, '-', ' ')",
    "lower({p}.company)",
    "lower({p}.email)",
    "lower(substr({p}.email, {at} + 1))",
)
SPLIT_SQLITE = "json_each('[' || replace(json_quote({piece}), ' ', '\",\"') || ']')"
TAILS = (
    ("person", "mobile", ()),
    ("conversation", "number", ()),
    ("opt_in", "number", ("keyword_id",)),
    ("campaign_member", "number", ("campaign_id",)),
)
POSTGRESQL = """
CREATE FUNCTION person_word_write() RETURNS trigger AS $$ BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM person_word WHERE person_id IN (SELECT id FROM written);
    END IF;
    INSERT INTO person_word (person_id, word) {words} ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$ LANGUAGE plpgsql
"""


def words_on_postgresql(people: str) -> str:
    """Return the SELECT of (person_id, word) of the rows of a table."""
    pieces = " || ' ' || ".join(piece.format(p="p", at="strpos(p.email, '@')") for piece in PIECES)
    split = f"regexp_split_to_table({pieces}, ' +')"
    return f"SELECT DISTINCT p.id, left(word, 80) FROM {people} p, LATERAL {split} AS word WHERE word <> ''"  # noqa: S608


def words_on_sqlite(person: str, people: str = "") -> str:
    """Return the SELECT of (person_id, word) of NEW, or of the rows of a table."""
    parts = [piece.format(p=person, at=f"instr({person}.email, '@')") for piece in PIECES]
    split = SPLIT_SQLITE.format(piece=" || ' ' || ".join(parts))
    source = f"{people} AS {person}, {split}" if people else split
    return f"SELECT DISTINCT {person}.id, substr(value, 1, 80) FROM {source} WHERE value <> ''"  # noqa: S608


def upgrade() -> None:
    """Make the table, fill it, and let the database keep it."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "person_word",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(80, collation="C" if is_postgresql else None), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_word_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "word", name=op.f("pk_person_word")),
        sqlite_with_rowid=False,
    )
    words = words_on_postgresql("person") if is_postgresql else words_on_sqlite("p", "person")
    op.execute(sa.text(f"INSERT INTO person_word (person_id, word) {words}"))
    op.create_index("ix_person_word", "person_word", ["word", "person_id"])
    _keep_on_postgresql() if is_postgresql else _keep_on_sqlite()
    for table, number, before in TAILS:
        tail = sa.text(f"substr({number}, length({number}) - 3)")
        op.create_index(f"ix_{table}_tail", table, [*before, tail])


def downgrade() -> None:
    """Take everything away."""
    for table, _, _ in TAILS:
        op.drop_index(f"ix_{table}_tail", table)
    on = " ON person" if op.get_bind().dialect.name == "postgresql" else ""
    for name in ("insert", "update"):
        op.execute(f"DROP TRIGGER person_word_{name}{on}")
    if on:
        op.execute("DROP FUNCTION person_word_write")
    op.drop_table("person_word")


def _keep_on_postgresql() -> None:
    op.execute(sa.text(POSTGRESQL.format(words=words_on_postgresql("written"))))
    for when in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER person_word_{when.lower()} AFTER {when} ON person REFERENCING NEW TABLE AS written "
            "FOR EACH STATEMENT EXECUTE FUNCTION person_word_write()"
        )


def _keep_on_sqlite() -> None:
    write = f"INSERT INTO person_word (person_id, word) {words_on_sqlite('NEW')}"
    forget = "DELETE FROM person_word WHERE person_id = NEW.id"
    op.execute(sa.text(f"CREATE TRIGGER person_word_insert AFTER INSERT ON person BEGIN {write}; END"))
    changed = "UPDATE OF sort_name, company, email ON person"
    op.execute(sa.text(f"CREATE TRIGGER person_word_update AFTER {changed} BEGIN {forget}; {write}; END"))

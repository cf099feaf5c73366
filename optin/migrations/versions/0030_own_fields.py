"""Fields of one's own on contacts and leads, and what each person has in them."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

WATCHED = ("own_field", "own_option")
CHANGES = ("INSERT", "UPDATE", "DELETE")
TRAIL = (
    "subject_kind IN ('setting', 'user', 'sender', 'template', 'conversation', 'import', 'download', 'export'{more})"
)
RENEW = (
    "INSERT INTO in_force_token (id, token) VALUES (1, lower(hex(randomblob(16))))"
    " ON CONFLICT (id) DO UPDATE SET token = excluded.token"
)


def upgrade() -> None:
    """Make the tables; a change of fields or options renews the token of what processes keep."""
    moment, number, option = sa.DateTime(timezone=True), sa.text("number IS NOT NULL"), sa.text("option_id IS NOT NULL")
    op.create_table(
        "own_field",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("help", sa.String(length=200), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("archived_at", moment, nullable=True),
        sa.Column("deleted_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_field")),
        sa.UniqueConstraint("key", name=op.f("uq_own_field_key")),
    )
    op.create_table(
        "own_option",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["field_id"], ["own_field.id"], name=op.f("fk_own_option_field_id_own_field")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_option")),
    )
    op.create_index(op.f("ix_own_option_field_id"), "own_option", ["field_id"])
    collation = "C" if op.get_bind().dialect.name == "postgresql" else None
    op.create_table(
        "own_value",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.String(length=255), nullable=True),
        sa.Column("folded", sa.String(length=80, collation=collation), nullable=True),
        sa.Column("number", sa.Float(precision=53), nullable=True),
        sa.Column("option_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(text IS NULL) <> (option_id IS NULL)", name=op.f("ck_own_value_text_or_option")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], ondelete="CASCADE", name=op.f("fk_own_value_person_id_person")
        ),
        sa.ForeignKeyConstraint(["field_id"], ["own_field.id"], name=op.f("fk_own_value_field_id_own_field")),
        sa.ForeignKeyConstraint(["option_id"], ["own_option.id"], name=op.f("fk_own_value_option_id_own_option")),
        sa.PrimaryKeyConstraint("person_id", "field_id", name=op.f("pk_own_value")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_own_value_field", "own_value", ["field_id", "folded", "person_id"])
    op.create_index(
        "ix_own_value_number",
        "own_value",
        ["field_id", "number", "person_id"],
        sqlite_where=number,
        postgresql_where=number,
    )
    op.create_index(
        "ix_own_value_option", "own_value", ["option_id", "person_id"], sqlite_where=option, postgresql_where=option
    )
    for table in WATCHED:
        _watch(table)
    list_in_settings(", 'field'")


def downgrade() -> None:
    """Drop them, with all values."""
    list_in_settings("")
    for table in ("own_value", "own_option", "own_field"):
        op.drop_table(table)


def _watch(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER renew_token_{table}_all AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION renew_in_force_token()"
        )
        return
    for change in CHANGES:
        op.execute(f"CREATE TRIGGER renew_token_{table}_{change.lower()} AFTER {change} ON {table} BEGIN {RENEW}; END")


def list_in_settings(more: str) -> None:
    """Make the index of the settings' trail anew, with more kinds of records."""
    listed = sa.text(TRAIL.format(more=more))
    op.drop_index("ix_audit_entry_user", table_name="audit_entry")
    op.create_index(
        "ix_audit_entry_user", "audit_entry", ["user_id", "id"], sqlite_where=listed, postgresql_where=listed
    )

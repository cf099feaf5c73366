"""Imports: their files, what became of the rows, and which people they made."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

KEY = "fk_person_import_run_id_import_run"
TRAIL = "subject_kind IN ('setting', 'user', 'sender', 'template', 'conversation'{more})"
IMPORTED = sa.text("import_run_id IS NOT NULL")


def upgrade() -> None:
    """Make the tables; nobody of before was imported."""
    moment, nothing = sa.DateTime(timezone=True), sa.text("0")
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("encoding", sa.String(length=40), nullable=True),
        sa.Column("delimiter", sa.String(length=4), nullable=True),
        sa.Column("sheet", sa.String(length=120), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("header_ref", sa.String(length=64), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("known", sa.String(length=10), nullable=False),
        sa.Column("round", sa.Integer(), server_default=nothing, nullable=False),
        sa.Column("line", sa.Integer(), server_default=nothing, nullable=False),
        sa.Column("total", sa.Integer(), server_default=nothing, nullable=False),
        sa.Column("checked", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("started_at", moment, nullable=True),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("undone_at", moment, nullable=True),
        sa.Column("forgotten_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_import_run_created_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index("ix_import_run_headers", "import_run", ["header_ref", "kind", "id"])
    op.create_table(
        "import_part",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_part_run_id_import_run")),
        sa.PrimaryKeyConstraint("run_id", "place", name=op.f("pk_import_part")),
    )
    op.create_table(
        "import_key",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=254), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_key_run_id_import_run")),
        sa.PrimaryKeyConstraint("run_id", "round", "key", name=op.f("pk_import_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "import_row",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("known", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("changed_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_row_run_id_import_run")),
        sa.PrimaryKeyConstraint("run_id", "known", "outcome", "line", name=op.f("pk_import_row")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE person ADD COLUMN import_run_id INTEGER CONSTRAINT {KEY} REFERENCES import_run (id)")
    else:
        op.add_column("person", sa.Column("import_run_id", sa.Integer(), nullable=True))
        op.create_foreign_key(op.f(KEY), "person", "import_run", ["import_run_id"], ["id"])
    op.create_index(
        "ix_person_import", "person", ["import_run_id", "id"], sqlite_where=IMPORTED, postgresql_where=IMPORTED
    )
    list_in_settings(", 'import'")


def downgrade() -> None:
    """Drop them; who was imported stays."""
    list_in_settings("")
    op.drop_index("ix_person_import", "person")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE person DROP COLUMN import_run_id")
    else:
        op.drop_column("person", "import_run_id")
    for table in ("import_row", "import_key", "import_part", "import_run"):
        op.drop_table(table)


def list_in_settings(more: str) -> None:
    """Make the index of the settings' trail anew, with more kinds of records."""
    listed = sa.text(TRAIL.format(more=more))
    op.drop_index("ix_audit_entry_user", table_name="audit_entry")
    op.create_index(
        "ix_audit_entry_user", "audit_entry", ["user_id", "id"], sqlite_where=listed, postgresql_where=listed
    )

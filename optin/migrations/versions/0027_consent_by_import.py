"""Consent by import: what an admin said of it, which opt-ins and opt-outs an import made, and what their rows said."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

RUN, USER = "import_run", "user"
IMPORTED = sa.text("import_run_id IS NOT NULL")
REFERENCES = {"opt_in": ("import_run_id", RUN), "suppression": ("import_run_id", RUN), RUN: ("attested_by_id", USER)}


def upgrade() -> None:
    """Add the columns; nothing of before was an import's."""
    for table, (name, to) in REFERENCES.items():
        key = f"fk_{table}_{name}_{to}"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f'ALTER TABLE {table} ADD COLUMN {name} INTEGER CONSTRAINT {key} REFERENCES "{to}" (id)')
        else:
            op.add_column(table, sa.Column(name, sa.Integer(), nullable=True))
            op.create_foreign_key(op.f(key), table, to, [name], ["id"])
    op.add_column("opt_in", sa.Column("evidence", sa.JSON(), nullable=True))
    op.add_column(RUN, sa.Column("consent", sa.JSON(), nullable=True))
    op.add_column(RUN, sa.Column("attested_name", sa.String(length=120), nullable=True))
    op.add_column(RUN, sa.Column("attested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(RUN, sa.Column("undo_opt_outs", sa.Boolean(), server_default=sa.false(), nullable=False))
    for table in ("opt_in", "suppression"):
        op.create_index(
            f"ix_{table}_import", table, ["import_run_id", "id"], sqlite_where=IMPORTED, postgresql_where=IMPORTED
        )


def downgrade() -> None:
    """Drop them; the opt-ins and the opt-outs stay, with their events."""
    for table in ("opt_in", "suppression"):
        op.drop_index(f"ix_{table}_import", table)
    columns = {"opt_in": ("evidence",), RUN: ("consent", "attested_name", "attested_at", "undo_opt_outs")}
    for table, (name, _) in REFERENCES.items():
        for column in (*columns.get(table, ()), name):
            if op.get_bind().dialect.name == "sqlite":
                op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
            else:
                op.drop_column(table, column)

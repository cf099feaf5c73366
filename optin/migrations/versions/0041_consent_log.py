"""The leaves and checkpoints of the consent log, which nobody changes or deletes; jobs seal the events of before."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

KEYS = {
    "log_leaf": "leaf_index = NEW.leaf_index OR event_id = NEW.event_id",
    "log_node": "height = NEW.height AND node_index = NEW.node_index",
    "log_origin": "id = NEW.id OR name = NEW.name",
    "log_checkpoint": "id = NEW.id",
}
"""Each table, and which of its rows a new one would replace."""


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "log_leaf",
        sa.Column("leaf_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_log_leaf")),
        sa.UniqueConstraint("event_id", name=op.f("uq_log_leaf_event_id")),
    )
    op.create_table(
        "log_node",
        sa.Column("height", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("node_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("height", "node_index", name=op.f("pk_log_node")),
    )
    op.create_table(
        "log_origin",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("verifier_key", sa.String(400), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(20), nullable=False),
        sa.Column("earlier_head", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_origin")),
        sa.UniqueConstraint("name", name=op.f("uq_log_origin_name")),
    )
    op.create_table(
        "log_checkpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("origin_id", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["origin_id"], ["log_origin.id"], name=op.f("fk_log_checkpoint_origin_id_log_origin")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_checkpoint")),
    )
    for table in KEYS:
        keep_append_only(table)


def keep_append_only(table: str) -> None:
    """Refuse whatever changes, deletes or replaces a row, for every client of the database."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"""
            CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '{table} is append-only'; END $$
        """)
        for name, when in (
            ("keep", f"UPDATE OR DELETE ON {table} FOR EACH ROW"),
            ("keep_all", f"TRUNCATE ON {table} FOR EACH STATEMENT"),
        ):
            op.execute(f"CREATE TRIGGER {table}_{name} BEFORE {when} EXECUTE FUNCTION {table}_refuse()")
        return
    replaced = f"INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {KEYS[table]})"  # noqa: S608  of the above
    for name, when in (("update", f"UPDATE ON {table}"), ("delete", f"DELETE ON {table}"), ("insert", replaced)):
        op.execute(
            f"CREATE TRIGGER {table}_refuse_{name} BEFORE {when} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def downgrade() -> None:
    """Take them away."""
    for table in ("log_checkpoint", "log_origin", "log_node", "log_leaf"):
        op.drop_table(table)
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP FUNCTION {table}_refuse")

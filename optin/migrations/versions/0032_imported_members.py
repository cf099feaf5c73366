"""Imports of members: into which campaign, and which members they made."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

COLUMNS = (("import_run", "campaign_id", "campaign"), ("campaign_member", "import_run_id", "import_run"))
IMPORTED = sa.text("import_run_id IS NOT NULL")


def upgrade() -> None:
    """Add the columns; nobody of before was imported into a campaign."""
    for table, column, of in COLUMNS:
        key = f"fk_{table}_{column}_{of}"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {key} REFERENCES {of} (id)")
        else:
            op.add_column(table, sa.Column(column, sa.Integer(), nullable=True))
            op.create_foreign_key(op.f(key), table, of, [column], ["id"])
    op.create_index(
        "ix_campaign_member_import",
        "campaign_member",
        ["import_run_id", "id"],
        sqlite_where=IMPORTED,
        postgresql_where=IMPORTED,
    )


def downgrade() -> None:
    """Drop them; the members stay."""
    op.drop_index("ix_campaign_member_import", "campaign_member")
    for table, column, _ in reversed(COLUMNS):
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        else:
            op.drop_column(table, column)

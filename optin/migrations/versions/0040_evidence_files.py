"""A file may show the consent that an import brings: its table, and which file a run has."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

KEY = "fk_import_run_evidence_id_evidence_file"


def upgrade() -> None:
    """Make the table and the column; no run has one yet."""
    op.create_table(
        "evidence_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["given_by_id"], ["user.id"], name=op.f("fk_evidence_file_given_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_file")),
        sa.UniqueConstraint("digest", name=op.f("uq_evidence_file_digest")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE import_run ADD COLUMN evidence_id INTEGER CONSTRAINT {KEY} REFERENCES evidence_file (id)"
        )
        return
    op.add_column("import_run", sa.Column("evidence_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f(KEY), "import_run", "evidence_file", ["evidence_id"], ["id"])


def downgrade() -> None:
    """Drop both: what was vouched for goes on naming the files."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE import_run DROP COLUMN evidence_id")
    else:
        op.drop_column("import_run", "evidence_id")
    op.drop_table("evidence_file")

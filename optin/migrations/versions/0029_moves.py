"""Moves from Twilio for Salesforce: how far they are, what is put by for them, and what was moved."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "move",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("checked", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_move_run_id_import_run")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_move")),
    )
    op.create_table(
        "move_sign",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_move_sign_run_id_import_run")),
        sa.PrimaryKeyConstraint("run_id", "number", "kind", "line", name=op.f("pk_move_sign")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "moved_record",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_moved_record")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_moved_record_of", "moved_record", ["kind", "record_id"])


def downgrade() -> None:
    """Drop them; what was moved stays."""
    for table in ("moved_record", "move_sign", "move"):
        op.drop_table(table)

"""Witnesses of the consent log, and what they cosigned; the trail of the settings tells of them."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

TRAIL = (
    "subject_kind IN ('setting', 'user', 'sender', 'template', 'conversation', 'import', 'download', 'export', 'field'"
    "{more})"
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "witness",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("verifier_key", sa.String(400), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(300), nullable=False),
        sa.Column("dispute", sa.String(500), nullable=False),
        sa.Column("disputed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witness")),
        sa.UniqueConstraint("verifier_key", name=op.f("uq_witness_verifier_key")),
    )
    op.create_table(
        "log_cosignature",
        sa.Column("checkpoint_id", sa.Integer(), nullable=False),
        sa.Column("witness_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["checkpoint_id"], ["log_checkpoint.id"], name=op.f("fk_log_cosignature_checkpoint_id_log_checkpoint")
        ),
        sa.ForeignKeyConstraint(["witness_id"], ["witness.id"], name=op.f("fk_log_cosignature_witness_id_witness")),
        sa.PrimaryKeyConstraint("checkpoint_id", "witness_id", name=op.f("pk_log_cosignature")),
    )
    op.create_index("ix_log_cosignature_witness", "log_cosignature", ["witness_id", "checkpoint_id"])
    list_in_settings(", 'witness'")


def downgrade() -> None:
    """Take them away; what the trail says of them goes out of its list."""
    list_in_settings("")
    op.drop_table("log_cosignature")
    op.drop_table("witness")


def list_in_settings(more: str) -> None:
    """Make the indexes of the settings' trail anew, with more kinds of records."""
    listed = sa.text(TRAIL.format(more=more))
    for name, columns in (("ix_audit_entry_user", ["user_id", "id"]), ("ix_audit_entry_kind", ["subject_kind", "id"])):
        op.drop_index(name, table_name="audit_entry")
        op.create_index(name, "audit_entry", columns, sqlite_where=listed, postgresql_where=listed)

"""Opt-outs that were read from a phrase are kept, so that a user can correct them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "phrase_opt_out",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("phrase", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("provider_at", moment, nullable=True),
        sa.Column("corrected_at", moment, nullable=True),
        sa.Column("corrected_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_phrase_opt_out_message_id_message")),
        sa.ForeignKeyConstraint(["corrected_by_id"], ["user.id"], name=op.f("fk_phrase_opt_out_corrected_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phrase_opt_out")),
        sa.UniqueConstraint("message_id", name=op.f("uq_phrase_opt_out_message_id")),
    )
    op.create_index("ix_phrase_opt_out_number", "phrase_opt_out", ["number", "id"])
    op.create_index("ix_phrase_opt_out_at", "phrase_opt_out", ["at", "id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("phrase_opt_out")

"""The sending gate, and how far comparisons with Twilio's message list have come."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the first start asks for what was texted since the last message that an older release kept."""
    op.create_table(
        "sending_gate",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.String(length=32), nullable=True),
        sa.Column("beat", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("alive_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closure", sa.String(length=20), nullable=True),
        sa.Column("unsure_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_sending_gate_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_gate")),
    )
    op.create_table(
        "reconciliation",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("done_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_reconciliation")),
    )
    op.create_index(
        "ix_message_unsettled",
        "message",
        ["id"],
        sqlite_where=sa.text("status = 'unknown'"),
        postgresql_where=sa.text("status = 'unknown'"),
    )
    op.create_index(
        "ix_message_inbound",
        "message",
        ["created_at"],
        sqlite_where=sa.text("direction = 'inbound'"),
        postgresql_where=sa.text("direction = 'inbound'"),
    )
    op.execute(
        "INSERT INTO sending_gate (id, beat, alive_at) "
        "VALUES (1, 0, (SELECT created_at FROM message ORDER BY id DESC LIMIT 1))"
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_message_inbound", table_name="message")
    op.drop_index("ix_message_unsettled", table_name="message")
    op.drop_table("reconciliation")
    op.drop_table("sending_gate")

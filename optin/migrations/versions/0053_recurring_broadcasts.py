"""Broadcasts that go out again and again."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

KEY = "fk_broadcast_recurring_id_recurring_broadcast"
REFERS = {
    "campaign_id": "campaign",
    "sender_id": "sender",
    "created_by_id": "user",
}


def upgrade() -> None:
    """Make the table, and let a broadcast be one date of it, each at most once."""
    op.create_table(
        "recurring_broadcast",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("every", sa.String(10), nullable=False),
        sa.Column("days", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("first", sa.String(19), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("until", sa.String(10), nullable=True),
        sa.Column("times", sa.Integer(), nullable=True),
        sa.Column("lasts", sa.Integer(), nullable=True),
        sa.Column("spread_over", sa.Integer(), nullable=True),
        sa.Column("canary", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("leaves_out_empty", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("made", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.ForeignKeyConstraint([name], [f"{of}.id"], name=op.f(f"fk_recurring_broadcast_{name}_{of}"))
            for name, of in REFERS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurring_broadcast")),
    )
    op.create_index("ix_recurring_broadcast_campaign", "recurring_broadcast", ["campaign_id", "id"])
    op.create_index("ix_recurring_broadcast_state", "recurring_broadcast", ["state"])
    if op.get_bind().dialect.name == "sqlite":
        refers = f"CONSTRAINT {KEY} REFERENCES recurring_broadcast (id)"
        op.execute(f"ALTER TABLE broadcast ADD COLUMN recurring_id INTEGER {refers}")
    else:
        op.add_column("broadcast", sa.Column("recurring_id", sa.Integer(), nullable=True))
        op.create_foreign_key(op.f(KEY), "broadcast", "recurring_broadcast", ["recurring_id"], ["id"])
    op.add_column("broadcast", sa.Column("occurrence", sa.Integer(), nullable=True))
    op.create_index("ix_broadcast_occurrence", "broadcast", ["recurring_id", "occurrence"], unique=True)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_broadcast_occurrence", "broadcast")
    op.drop_column("broadcast", "occurrence")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE broadcast DROP COLUMN recurring_id")
    else:
        op.drop_column("broadcast", "recurring_id")
    op.drop_index("ix_recurring_broadcast_state", "recurring_broadcast")
    op.drop_index("ix_recurring_broadcast_campaign", "recurring_broadcast")
    op.drop_table("recurring_broadcast")

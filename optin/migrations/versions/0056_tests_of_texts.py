"""Broadcasts that test two texts on some of the people before the others get the better one."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

TEXTS = ("other_body", "winner_because")
SHORT = {"wins_by": 10, "test_state": 10, "winner": 1}
NUMBERS = ("test_percent", "test_hours")


def upgrade() -> None:
    """Add the columns and the table of who is in a test; what there is tests nothing."""
    for name in TEXTS:
        op.add_column("broadcast", sa.Column(name, sa.Text(), nullable=True))
    for name, length in SHORT.items():
        op.add_column("broadcast", sa.Column(name, sa.String(length), nullable=True))
    for name in NUMBERS:
        op.add_column("broadcast", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("broadcast", sa.Column("test_goes_on", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("broadcast", sa.Column("test_ends_at", sa.DateTime(timezone=True), nullable=True))
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "variant_message",
        sa.Column("message_id", big, autoincrement=False, nullable=False),
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.Column("variant", sa.String(1), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_variant_message_message_id_message"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_variant_message_broadcast_id_broadcast")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_variant_message")),
    )
    op.create_index("ix_variant_message_broadcast_id", "variant_message", ["broadcast_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_variant_message_broadcast_id", "variant_message")
    op.drop_table("variant_message")
    for name in ("test_ends_at", "test_goes_on", *NUMBERS, *SHORT, *TEXTS):
        op.drop_column("broadcast", name)

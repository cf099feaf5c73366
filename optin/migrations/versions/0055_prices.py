"""Prices of segments by country and kind of sender, from a day on; the trail of the settings tells of them."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

TRAIL = (
    "subject_kind IN ('setting', 'user', 'sender', 'template', 'conversation', 'import', 'download', 'export', 'field'"
    ", 'witness'{more})"
)


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "segment_price",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("sender_kind", sa.String(20), nullable=False),
        sa.Column("valid_from", sa.String(10), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint(
            "country", "sender_kind", "valid_from", name="uq_segment_price_country_sender_kind_valid_from"
        ),
    )
    list_in_settings(", 'price'")


def downgrade() -> None:
    """Take it away; what the trail says of prices goes out of its list."""
    list_in_settings("")
    op.drop_table("segment_price")


def list_in_settings(more: str) -> None:
    """Make the indexes of the settings' trail anew, with more kinds of records."""
    listed = sa.text(TRAIL.format(more=more))
    for name, columns in (("ix_audit_entry_user", ["user_id", "id"]), ("ix_audit_entry_kind", ["subject_kind", "id"])):
        op.drop_index(name, table_name="audit_entry")
        op.create_index(name, "audit_entry", columns, sqlite_where=listed, postgresql_where=listed)

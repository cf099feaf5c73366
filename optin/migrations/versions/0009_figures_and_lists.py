"""Figures that are counted behind; an index for each list of the inbox, of holds and of opt-ins."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RECENT = ["last_message_at", "id"]
NEW = (
    ("ix_figure_asked", "figure", ["asked_at"], "asked_at IS NOT NULL"),
    ("ix_conversation_open", "conversation", RECENT, "closed_at IS NULL"),
    ("ix_conversation_closed", "conversation", RECENT, "closed_at IS NOT NULL"),
    ("ix_conversation_unread", "conversation", RECENT, "unread > 0 AND closed_at IS NULL"),
    ("ix_conversation_mine", "conversation", ["assigned_to_id", *RECENT], "closed_at IS NULL"),
    ("ix_conversation_unassigned", "conversation", RECENT, "assigned_to_id IS NULL AND closed_at IS NULL"),
    ("ix_hold_waiting", "hold", ["started_at", "id"], "ended_at IS NULL"),
    ("ix_hold_ended", "hold", ["ended_at"], "ended_at IS NOT NULL"),
    ("ix_opt_in_keyword_status", "opt_in", ["keyword_id", "status", "id"], ""),
    ("ix_campaign_member_zones", "campaign_member", ["campaign_id", "zones"], "removed_at IS NULL"),
    ("ix_consent_event_kind", "consent_event", ["kind", "at"], ""),
    ("ix_message_near_recent", "message", ["created_at"], "near_keyword_id IS NOT NULL"),
)
OLD = (
    ("ix_conversation_unread", "conversation", ["id"], "unread > 0"),
    ("ix_conversation_assigned", "conversation", ["assigned_to_id", *RECENT], ""),
    ("ix_hold_started_at", "hold", ["started_at"], ""),
)
Indexes = tuple[tuple[str, str, list[str], str], ...]


def upgrade() -> None:
    """Add the table, exchange the indexes."""
    op.create_table(
        "figure",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_figure")),
    )
    _drop(OLD)
    _create(NEW)


def downgrade() -> None:
    """Take everything back."""
    _drop(NEW)
    _create(OLD)
    op.drop_table("figure")


def _create(indexes: Indexes) -> None:
    for name, table, columns, where in indexes:
        some = sa.text(where) if where else None
        op.create_index(name, table, columns, sqlite_where=some, postgresql_where=some)


def _drop(indexes: Indexes) -> None:
    for name, table, _, _ in reversed(indexes):
        op.drop_index(name, table)

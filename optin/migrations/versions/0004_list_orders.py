"""Indexes for every order that a list offers: contacts, leads, campaigns, keywords, the audit trail of one user.

Other orders need none: opt-ins of a keyword and members go by id (ix_opt_in_keyword, ix_campaign_member_list), the
recipients of a broadcast by number (uq_message_broadcast_id_number) or, of one status, by id (ix_message_broadcast).
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_person_by_company", "person", ["kind", "company", "id"]),
    ("ix_person_by_email", "person", ["kind", "email", "id"]),
    ("ix_person_added", "person", ["kind", "id"]),
    ("ix_campaign_changed", "campaign", ["updated_at", "id"]),
    ("ix_keyword_word", "keyword", ["word", "id"]),
    ("ix_audit_entry_user", "audit_entry", ["user_id", "id"]),
)


def upgrade() -> None:
    """Add the indexes."""
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Take them away."""
    for name, table, _ in reversed(INDEXES):
        op.drop_index(name, table)

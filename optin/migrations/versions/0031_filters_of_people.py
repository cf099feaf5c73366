"""Indexes for the filters of people: their owner, in the order of names, and the moment they were added."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them; "added" sorts by the moment itself now, and no more by the id."""
    op.create_index("ix_person_owner", "person", ["owner_id", "kind", "sort_name", "id"])
    op.create_index("ix_person_created", "person", ["kind", "created_at", "id"])
    op.drop_index("ix_person_added", "person")


def downgrade() -> None:
    """Make the order of ids again."""
    op.create_index("ix_person_added", "person", ["kind", "id"])
    op.drop_index("ix_person_created", "person")
    op.drop_index("ix_person_owner", "person")

"""Records that may be of one person, and those that users said are not; an index of emails in small letters."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

HAS_EMAIL = sa.text("email != ''")


def upgrade() -> None:
    """Make the tables; the first search fills them."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "duplicate_group",
        sa.Column("place", sa.String(460, collation="C" if is_postgresql else None), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("person_ids", sa.JSON(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_duplicate_group")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "not_duplicate",
        sa.Column("low_id", sa.Integer(), nullable=False),
        sa.Column("high_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("low_id < high_id", name=op.f("ck_not_duplicate_ordered")),
        sa.ForeignKeyConstraint(
            ["low_id"], ["person.id"], name=op.f("fk_not_duplicate_low_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["high_id"], ["person.id"], name=op.f("fk_not_duplicate_high_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_not_duplicate_by_id_user")),
        sa.PrimaryKeyConstraint("low_id", "high_id", name=op.f("pk_not_duplicate")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_not_duplicate_high", "not_duplicate", ["high_id"])
    op.create_index(
        "ix_person_email_folded",
        "person",
        [sa.text("lower(email)")],
        sqlite_where=HAS_EMAIL,
        postgresql_where=HAS_EMAIL,
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_person_email_folded", "person")
    op.drop_table("not_duplicate")
    op.drop_table("duplicate_group")

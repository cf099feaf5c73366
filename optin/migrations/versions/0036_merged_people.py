"""Records that were merged into others: they stay, empty, for what refers to them."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

MERGED = sa.text("merged_into_id IS NOT NULL")
OPEN = sa.text('"before" IS NOT NULL')
PERSON = sa.table("person", sa.column("id"), sa.column("merged_into_id"))
MESSAGE = sa.table("message", sa.column("person_id"))


def upgrade() -> None:
    """Make the table; nobody was merged before."""
    moment = sa.DateTime(timezone=True)
    op.add_column("person", sa.Column("merged_into_id", sa.Integer(), nullable=True))
    op.create_index("ix_person_merged_into", "person", ["merged_into_id"], sqlite_where=MERGED, postgresql_where=MERGED)
    op.create_table(
        "person_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("merged_id", sa.Integer(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("undone_at", moment, nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["kept_id"], ["person.id"], name=op.f("fk_person_merge_kept_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["person.id"], name=op.f("fk_person_merge_merged_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_person_merge_by_id_user")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["user.id"], name=op.f("fk_person_merge_undone_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_merge")),
    )
    op.create_index("ix_person_merge_kept", "person_merge", ["kept_id", "id"])
    op.create_index("ix_person_merge_merged", "person_merge", ["merged_id", "id"])
    op.create_index("ix_person_merge_open", "person_merge", ["at"], sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    """Let messages be of the record that each is part of, and drop the empty ones."""
    _forget_merged()
    op.drop_table("person_merge")
    op.drop_index("ix_person_merged_into", "person")
    op.execute("ALTER TABLE person DROP COLUMN merged_into_id")


def _forget_merged() -> None:
    bind = op.get_bind()
    into = dict(bind.execute(sa.select(PERSON.c.id, PERSON.c.merged_into_id).where(MERGED)).all())
    for merged in into:
        kept = into[merged]
        while kept in into:
            kept = into[kept]
        bind.execute(sa.update(MESSAGE).where(MESSAGE.c.person_id == merged).values(person_id=kept))
    bind.execute(sa.delete(PERSON).where(MERGED))

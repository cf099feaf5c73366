"""A review decision can be withdrawn: who did and when, on the hold and on the suppression that it began."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. On SQLite a column brings its foreign key along; nothing is copied."""
    moment = sa.DateTime(timezone=True)
    op.add_column("suppression", sa.Column("withdrawn_at", moment, nullable=True))
    op.add_column("hold", sa.Column("withdrawn_at", moment, nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE hold ADD COLUMN withdrawn_by_id INTEGER "
            'CONSTRAINT fk_hold_withdrawn_by_id_user REFERENCES "user" (id)'
        )
        return
    op.add_column("hold", sa.Column("withdrawn_by_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_hold_withdrawn_by_id_user"), "hold", "user", ["withdrawn_by_id"], ["id"])


def downgrade() -> None:
    """Drop the columns."""
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("hold") as hold:
            hold.drop_column("withdrawn_by_id")
            hold.drop_column("withdrawn_at")
    else:
        op.drop_column("hold", "withdrawn_by_id")
        op.drop_column("hold", "withdrawn_at")
    op.drop_column("suppression", "withdrawn_at")

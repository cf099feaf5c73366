"""To which of the campaign's members a broadcast goes, by what became of another."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

KEY = "fk_broadcast_of_broadcast_id_broadcast"


def upgrade() -> None:
    """Add two columns: all there is went to all members."""
    op.add_column("broadcast", sa.Column("audience", sa.String(10), nullable=False, server_default=sa.text("'all'")))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE broadcast ADD COLUMN of_broadcast_id INTEGER CONSTRAINT {KEY} REFERENCES broadcast (id)"
        )
    else:
        op.add_column("broadcast", sa.Column("of_broadcast_id", sa.Integer(), nullable=True))
        op.create_foreign_key(op.f(KEY), "broadcast", "broadcast", ["of_broadcast_id"], ["id"])


def downgrade() -> None:
    """Take them away."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE broadcast DROP COLUMN of_broadcast_id")
    else:
        op.drop_column("broadcast", "of_broadcast_id")
    op.drop_column("broadcast", "audience")

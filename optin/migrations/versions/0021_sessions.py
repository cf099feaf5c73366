"""Sessions are records that end, in place of a key that ended all of a user's at once; tries are counted."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. Cookies of before name no session: everybody signs in once more."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "user_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("browser", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.Column("linked_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_session_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_session_token_hash")),
    )
    op.create_index("ix_user_session_user", "user_session", ["user_id", "id"])
    op.drop_column("user", "session_key")
    op.create_table(
        "try_count",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_try_count")),
    )
    op.create_index("ix_try_count_kind", "try_count", ["kind", "ends_at"])
    op.create_index("ix_try_count_ends_at", "try_count", ["ends_at"])


def downgrade() -> None:
    """Drop them; the key is one that no cookie holds."""
    op.add_column("user", sa.Column("session_key", sa.String(length=64), nullable=False, server_default=""))
    op.drop_table("user_session")
    op.drop_table("try_count")

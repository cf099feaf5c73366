"""Work that outlasts a request is a row, so that it goes on whatever ends the process."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    moment, unfinished = sa.DateTime(timezone=True), sa.text("finished_at IS NULL")
    op.create_table(
        "background_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("stop_asked_at", moment, nullable=True),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("ended_because", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_background_task_created_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_background_task")),
        sa.UniqueConstraint("key", name=op.f("uq_background_task_key")),
    )
    op.create_index(
        "ix_background_task_open", "background_task", ["id"], sqlite_where=unfinished, postgresql_where=unfinished
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("background_task")

"""Series of texts after a keyword."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

TO_COME = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("keyword_id", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("takes_all", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_to", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("passed_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_copy", sa.Boolean(), server_default=sa.false(), nullable=False),
        *_refers("series", campaign_id="campaign", keyword_id="keyword", sender_id="sender", created_by_id="user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    op.create_index("ix_series_campaign", "series", ["campaign_id", "id"])
    op.create_index("ix_series_state", "series", ["state"])
    op.create_table(
        "series_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("wait", sa.Integer(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=True),
        sa.Column("broadcast_id", sa.Integer(), nullable=True),
        *_refers("series_step", series_id="series", broadcast_id="broadcast"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_step")),
        sa.UniqueConstraint("series_id", "place", name=op.f("uq_series_step_series_id_place")),
        sa.UniqueConstraint("broadcast_id", name=op.f("uq_series_step_broadcast_id")),
    )
    op.create_table(
        "series_number",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("opt_in_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("turn_at", sa.DateTime(timezone=True), nullable=True),
        *_refers("series_number", series_id="series", opt_in_id="opt_in"),
        sa.PrimaryKeyConstraint("series_id", "number", name=op.f("pk_series_number")),
    )
    for name, column in (("due", "due_at"), ("step", "step")):
        columns = ["series_id", column]
        op.create_index(
            f"ix_series_number_{name}", "series_number", columns, sqlite_where=TO_COME, postgresql_where=TO_COME
        )


def downgrade() -> None:
    """Take them away; the broadcasts of their steps stay."""
    for table in ("series_number", "series_step", "series"):
        op.drop_table(table)


def _refers(of: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], [f"{to}.id"], name=op.f(f"fk_{of}_{name}_{to}")) for name, to in columns.items()
    ]

"""Short links under a domain of one's own: which broadcasts have them, their codes, and clicks by hour."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

SHORTENS = ("broadcast", "recurring_broadcast")


def upgrade() -> None:
    """Add the columns and make the tables, empty; what there is shortens nothing."""
    for name in SHORTENS:
        op.add_column(name, sa.Column("shortens", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "short_link",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("code", sa.String(12), nullable=False),
        sa.Column("host", sa.String(100), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("broadcast_id", sa.Integer(), nullable=True),
        sa.Column("variant", sa.String(1), server_default=sa.text("'a'"), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcast.id"], name="fk_short_link_broadcast_id_broadcast"),
        sa.UniqueConstraint("code", name="uq_short_link_code"),
        sa.UniqueConstraint("broadcast_id", "variant", "place", name="uq_short_link_broadcast_id_variant_place"),
    )
    op.create_table(
        "short_link_clicks",
        sa.Column("short_link_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["short_link_id"], ["short_link.id"], name="fk_short_link_clicks_short_link_id_short_link"
        ),
        sa.PrimaryKeyConstraint("short_link_id", "hour", name="pk_short_link_clicks"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("short_link_clicks")
    op.drop_table("short_link")
    for name in SHORTENS:
        op.drop_column(name, "shortens")

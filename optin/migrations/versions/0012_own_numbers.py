"""Users verify a mobile number of their own by a code, and the composer keeps a draft meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables."""
    moment = sa.DateTime(timezone=True)
    op.add_column("user", sa.Column("mobile", sa.String(length=32), nullable=True))
    op.add_column("user", sa.Column("mobile_verified_at", moment, nullable=True))
    op.create_table(
        "number_code",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_number_code_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_number_code")),
    )
    op.create_table(
        "kept_draft",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("kept_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_kept_draft_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_kept_draft_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", "campaign_id", name=op.f("pk_kept_draft")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("kept_draft")
    op.drop_table("number_code")
    op.drop_column("user", "mobile_verified_at")
    op.drop_column("user", "mobile")

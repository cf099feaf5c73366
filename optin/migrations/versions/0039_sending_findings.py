"""Messages that should not have gone, as the nightly check finds them."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the first check looks at everything that was ever sent."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "sending_finding",
        sa.Column("message_id", big, autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(15), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(15), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_sending_finding_message_id_message"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["consent_event.id"], name=op.f("fk_sending_finding_event_id_consent_event")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_sending_finding")),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("sending_finding")

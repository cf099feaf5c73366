"""What people are told may be shown by an image: its table, and which image a version has."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the column. On SQLite the column brings its foreign key along; nothing is copied."""
    op.create_table(
        "disclosure_image",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["given_by_id"], ["user.id"], name=op.f("fk_disclosure_image_given_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_image")),
        sa.UniqueConstraint("digest", name=op.f("uq_disclosure_image_digest")),
    )
    key = "fk_disclosure_image_id_disclosure_image"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE disclosure ADD COLUMN image_id INTEGER CONSTRAINT {key} REFERENCES disclosure_image (id)"
        )
        return
    op.add_column("disclosure", sa.Column("image_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f(key), "disclosure", "disclosure_image", ["image_id"], ["id"])


def downgrade() -> None:
    """Drop both."""
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("disclosure") as disclosure:
            disclosure.drop_column("image_id")
    else:
        op.drop_column("disclosure", "image_id")
    op.drop_table("disclosure_image")

"""Ordinary texts of one word keep it in normal form, so that the keyword check counts who texted it.

The check looks back one year, so older texts stay without.
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from optin import clock
from optin.reading.words import lone_word

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

AT_ONCE = 5000
NAMED = sa.text("word IS NOT NULL")
MESSAGE = sa.table(
    "message",
    sa.column("id", sa.BigInteger()),
    sa.column("direction", sa.String()),
    sa.column("meaning", sa.String()),
    sa.column("body", sa.Text()),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("word", sa.String(30)),
)


def upgrade() -> None:
    """Add the column, read the texts of the last year, then make the index."""
    op.add_column("message", sa.Column("word", sa.String(length=30), nullable=True))
    read_texts()
    op.create_index(
        "ix_message_word", "message", ["word", "number", "created_at"], sqlite_where=NAMED, postgresql_where=NAMED
    )


def read_texts() -> None:
    """Fill the column, some thousand texts at a time."""
    connection, after = op.get_bind(), 0
    wanted = (
        sa.select(MESSAGE.c.id, MESSAGE.c.body)
        .where(
            MESSAGE.c.id > sa.bindparam("after"),
            MESSAGE.c.direction == "inbound",
            MESSAGE.c.meaning == "ordinary",
            MESSAGE.c.created_at > clock.now() - timedelta(days=366),
        )
        .order_by(MESSAGE.c.id)
        .limit(AT_ONCE)
    )
    fill = sa.update(MESSAGE).where(MESSAGE.c.id == sa.bindparam("row")).values(word=sa.bindparam("lone"))
    while texts := connection.execute(wanted, {"after": after}).all():
        found = [{"row": text.id, "lone": word} for text in texts if (word := lone_word(text.body))]
        if found:
            connection.execute(fill, found)
        after = texts[-1].id


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_message_word", table_name="message")
    op.drop_column("message", "word")

"""A token that the database renews with every change of settings, keywords, words and senders, so that processes may
keep what they have read of them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WATCHED = ("setting", "keyword", "keyword_word", "sender")
CHANGES = ("INSERT", "UPDATE", "DELETE")
RENEW = (
    "INSERT INTO in_force_token (id, token) VALUES (1, {random}) ON CONFLICT (id) DO UPDATE SET token = excluded.token"
)


def upgrade() -> None:
    """Make the table and its triggers."""
    op.create_table(
        "in_force_token",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.String(length=36), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_in_force_token_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_in_force_token")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _watch_postgresql()
    else:
        _watch_sqlite()


def downgrade() -> None:
    """Drop them."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in WATCHED:
        for change in ("all",) if postgresql else CHANGES:
            op.execute(f"DROP TRIGGER renew_token_{table}_{change.lower()}{f' ON {table}' if postgresql else ''}")
    if postgresql:
        op.execute("DROP FUNCTION renew_in_force_token")
    op.drop_table("in_force_token")


def _watch_postgresql() -> None:
    renew = RENEW.format(random="gen_random_uuid()::text")
    op.execute(renew)
    op.execute(
        "CREATE FUNCTION renew_in_force_token() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {renew}; RETURN NULL; END $$"
    )
    for table in WATCHED:
        op.execute(
            f"CREATE TRIGGER renew_token_{table}_all AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION renew_in_force_token()"
        )


def _watch_sqlite() -> None:
    renew = RENEW.format(random="lower(hex(randomblob(16)))")
    op.execute(renew)
    for table in WATCHED:
        for change in CHANGES:
            op.execute(
                f"CREATE TRIGGER renew_token_{table}_{change.lower()} AFTER {change} ON {table} BEGIN {renew}; END"
            )

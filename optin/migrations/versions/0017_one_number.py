"""One phone is one number: what was stored under another spelling moves to the form that is stored now.

Beside it: the sender of a text as Twilio wrote it, and the time zones of North American numbers, which may be in any
zone of their area code. The ledger stays as it is: it says what was known then.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from optin import clock, phone
from optin.phone import spellings

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def table(name: str, *columns: str, moments: tuple[str, ...] = ()) -> sa.TableClause:
    """Describe the columns of a table that are needed here."""
    return sa.table(name, sa.column("id"), *map(sa.column, columns), *(sa.column(each, MOMENT) for each in moments))


PERSON = table("person", "mobile", "sort_name", "time_zone", "zones")
MEMBER = table("campaign_member", "person_id", "number", "zones")
CONVERSATION = table(
    "conversation", "channel", "number", "preview", "unread", "version", "sender_id", moments=("last_message_at",)
)
MESSAGE = table("message", "number", "conversation_id", "broadcast_id", "status", "reason")
OPT_IN = table(
    "opt_in", "channel", "number", "keyword_id", "status", "source", "end_reason", "end_comment",
    moments=("requested_at", "reaffirmed_at", "activated_at", "ended_at"),
)  # fmt: skip
LINK = sa.table("opt_in_person", sa.column("opt_in_id"), sa.column("person_id"), sa.column("linked_at", MOMENT))
SUPPRESSION = table("suppression", "number", moments=("started_at", "asked_at", "ended_at", "withdrawn_at"))
HOLD = table("hold", "number", moments=("started_at", "ended_at"))
BLOCK = table("provider_block", "scope", "number", moments=("started_at", "ended_at"))
USER = table("user", "mobile")
CODE = table("number_code", "number")
HOLDERS = ((PERSON, "mobile"), (MEMBER, "number"), (USER, "mobile"), (CODE, "number"))
CONSENT = (OPT_IN, SUPPRESSION, HOLD, BLOCK)
BY_PERSON = ("sms", "form")
COUNTRIES = ("+52", "+54", "+55")
"""Where a number has several spellings (optin/phone/spellings.py)."""


def upgrade() -> None:
    """Add the column, then bring numbers and zones to what they are now."""
    op.add_column("message", sa.Column("written", sa.String(length=200), nullable=True))
    connection = op.get_bind()
    for old, new in respelt(connection):
        move(connection, old, new)
    refresh_zones(connection)


def downgrade() -> None:
    """Drop the column; numbers and zones stay, as every version knows them."""
    op.drop_column("message", "written")


def respelt(connection: sa.Connection) -> Iterator[tuple[str, str]]:
    """Yield each number that is stored in another form than today's, with that form."""
    found: set[str] = set()
    for where, name in (*HOLDERS, *((each, "number") for each in (CONVERSATION, MESSAGE, *CONSENT))):
        column = where.c[name]
        for country in COUNTRIES:
            begins = (column >= country, column < f"+{int(country[1:]) + 1}")
            found.update(connection.scalars(sa.select(column).where(*begins).distinct()))
    yield from ((old, new) for old in sorted(found) if (new := spellings.canonical(old)) != old)


def move(connection: sa.Connection, old: str, new: str) -> None:
    """Give all that one spelling has to the other, and join what both have."""
    join_suppressions(connection, old, new)
    join_open(connection, HOLD, old, new)
    join_open(connection, BLOCK, old, new, "scope")
    join_opt_ins(connection, old, new)
    for where in CONSENT:
        connection.execute(sa.update(where).where(where.c.number == old).values(number=new))
    settle_suppression(connection, new)
    end_what_was_left(connection, new)
    for where, name in HOLDERS:
        connection.execute(sa.update(where).where(where.c[name] == old).values({name: new}))
    connection.execute(sa.update(PERSON).where(PERSON.c.sort_name == old).values(sort_name=new))
    link_people(connection, new)
    join_conversations(connection, old, new)
    move_messages(connection, old, new)


def join_suppressions(connection: sa.Connection, old: str, new: str) -> None:
    """Of two open ones one stays, from the first request to the last."""
    given = (SUPPRESSION.c.number.in_((old, new)), SUPPRESSION.c.ended_at.is_(None))
    rows = connection.execute(sa.select(SUPPRESSION).where(*given).order_by(SUPPRESSION.c.started_at)).all()
    if len(rows) < 2:
        return
    first, *rest = rows
    asked_at = max(row.asked_at for row in rows)
    connection.execute(sa.delete(SUPPRESSION).where(SUPPRESSION.c.id.in_([row.id for row in rest])))
    connection.execute(sa.update(SUPPRESSION).where(SUPPRESSION.c.id == first.id).values(asked_at=asked_at))


def join_open(connection: sa.Connection, where: sa.TableClause, old: str, new: str, *same: str) -> None:
    """Of two open holds, or blocks of one sender, the older stays."""
    given = (where.c.number.in_((old, new)), where.c.ended_at.is_(None))
    seen: set[tuple[Any, ...]] = set()
    for row in connection.execute(sa.select(where).where(*given).order_by(where.c.started_at, where.c.id)):
        key = tuple(getattr(row, name) for name in same)
        if key in seen:
            connection.execute(sa.delete(where).where(where.c.id == row.id))
        seen.add(key)


def join_opt_ins(connection: sa.Connection, old: str, new: str) -> None:
    """Of two live opt-ins with one keyword one stays: an active one before a waiting one, then the first."""
    given = (OPT_IN.c.number.in_((old, new)), OPT_IN.c.status.in_(("active", "pending")))
    waits = sa.case((OPT_IN.c.status == "active", 0), else_=1)
    rows = connection.execute(sa.select(OPT_IN).where(*given).order_by(waits, OPT_IN.c.requested_at, OPT_IN.c.id)).all()
    kept: dict[tuple[str, int], int] = {}
    for row in rows:
        if (row.channel, row.keyword_id) not in kept:
            kept[row.channel, row.keyword_id] = row.id
            continue
        stays = f"OI-{kept[row.channel, row.keyword_id]:06d}"
        ended = {"status": "inactive", "end_reason": "number_changed", "ended_at": clock.now()}
        comment = f"The same phone in another spelling: its opt-in stands as {stays}."
        connection.execute(sa.update(OPT_IN).where(OPT_IN.c.id == row.id).values(**ended, end_comment=comment))


def end_what_was_left(connection: sa.Connection, number: str) -> None:
    """End the opt-ins that an opt-out under the other spelling would have ended, or that nobody could have entered for
    the person after it, had it been known to be the same number."""
    asked = (SUPPRESSION.c.number == number, SUPPRESSION.c.withdrawn_at.is_(None))
    is_open = connection.scalar(sa.select(sa.exists().where(*asked, SUPPRESSION.c.ended_at.is_(None))))
    last = connection.scalar(sa.select(sa.func.max(SUPPRESSION.c.asked_at, type_=MOMENT)).where(*asked))
    live = sa.select(OPT_IN).where(OPT_IN.c.number == number, OPT_IN.c.status.in_(("active", "pending")))
    for row in connection.execute(live).all() if last else ():
        entered = is_open and row.source not in BY_PERSON
        if entered or last >= max(filter(None, (row.requested_at, row.activated_at, row.reaffirmed_at))):
            ended = {"status": "inactive", "end_reason": "opted_out", "ended_at": last}
            connection.execute(sa.update(OPT_IN).where(OPT_IN.c.id == row.id).values(**ended))


def settle_suppression(connection: sa.Connection, number: str) -> None:
    """End a suppression when the person came back after it, under whichever spelling; the opt-out wins a tie."""
    given = (SUPPRESSION.c.number == number, SUPPRESSION.c.ended_at.is_(None))
    asked_at = connection.scalar(sa.select(SUPPRESSION.c.asked_at).where(*given))
    back_at = came_back(connection, number)
    if asked_at is not None and back_at is not None and back_at > asked_at:
        connection.execute(sa.update(SUPPRESSION).where(*given).values(ended_at=back_at))


def came_back(connection: sa.Connection, number: str) -> datetime | None:
    """Return when the person last joined or texted START."""
    by_person = (OPT_IN.c.number == number, OPT_IN.c.source.in_(BY_PERSON), OPT_IN.c.status == "active")
    joined = connection.execute(sa.select(OPT_IN.c.activated_at, OPT_IN.c.reaffirmed_at).where(*by_person))
    ended = (SUPPRESSION.c.number == number, SUPPRESSION.c.withdrawn_at.is_(None))
    started = connection.scalars(sa.select(SUPPRESSION.c.ended_at).where(*ended)).all()
    return max((moment for moment in [*started, *(each for row in joined for each in row)] if moment), default=None)


def link_people(connection: sa.Connection, number: str) -> None:
    """Link everybody who has the number to its live opt-ins, as a text from it would have."""
    live = (OPT_IN.c.number == number, OPT_IN.c.status.in_(("active", "pending")))
    linked = sa.exists().where(LINK.c.opt_in_id == OPT_IN.c.id, LINK.c.person_id == PERSON.c.id)
    now = sa.literal(clock.now(), MOMENT)
    pairs = sa.select(OPT_IN.c.id, PERSON.c.id, now).join_from(OPT_IN, PERSON, PERSON.c.mobile == OPT_IN.c.number)
    columns = ["opt_in_id", "person_id", "linked_at"]
    connection.execute(sa.insert(LINK).from_select(columns, pairs.where(*live, ~linked)))


def join_conversations(connection: sa.Connection, old: str, new: str) -> None:
    """Make one thread of two: the texts in order of their ids, unread what was unread in either."""
    for row in connection.execute(sa.select(CONVERSATION).where(CONVERSATION.c.number == old)).all():
        both = (CONVERSATION.c.channel == row.channel, CONVERSATION.c.number == new)
        other = connection.execute(sa.select(CONVERSATION).where(*both)).first()
        this = sa.update(CONVERSATION).where(CONVERSATION.c.id == (other.id if other else row.id))
        if other is None:
            connection.execute(this.values(number=new))
            continue
        to_other = sa.update(MESSAGE).where(MESSAGE.c.conversation_id == row.id)
        connection.execute(to_other.values(conversation_id=other.id))
        newest = max((row, other), key=lambda each: (each.last_message_at is not None, each.last_message_at))
        shown = {name: getattr(newest, name) for name in ("last_message_at", "preview", "sender_id")}
        counts = {"unread": row.unread + other.unread, "version": other.version + 1}
        connection.execute(this.values(**shown, **counts))
        connection.execute(sa.delete(CONVERSATION).where(CONVERSATION.c.id == row.id))


def move_messages(connection: sa.Connection, old: str, new: str) -> None:
    """Move the messages; one of a broadcast that has another to the same phone stays behind and is not sent."""
    other = sa.alias(MESSAGE)
    twice = sa.exists().where(other.c.number == new, other.c.broadcast_id == MESSAGE.c.broadcast_id)
    connection.execute(
        sa.update(MESSAGE)
        .where(MESSAGE.c.number == old, MESSAGE.c.status.in_(("queued", "claimed")), twice)
        .values(status="skipped", reason="duplicate")
    )
    connection.execute(sa.update(MESSAGE).where(MESSAGE.c.number == old, ~twice).values(number=new))


def refresh_zones(connection: sa.Connection) -> None:
    """Write the zones of the people whose area code has others now, and of their memberships; an override stays."""
    area = sa.func.substr(PERSON.c.mobile, 1, 5)
    american = (PERSON.c.mobile >= "+1", PERSON.c.mobile < "+2", PERSON.c.time_zone == "")
    stored = connection.execute(sa.select(area, PERSON.c.zones).where(*american).distinct()).all()
    changed = {str(prefix) for prefix, zones in stored if set(phone.zones(str(prefix))) - set(zones.split("|"))}
    for prefix in sorted(changed):
        zones = phone.zone_group(prefix, "US")
        after = f"+{int(prefix[1:]) + 1}"  # digits alone: a collation may pass over other signs
        people = (PERSON.c.mobile >= prefix, PERSON.c.mobile < after, PERSON.c.time_zone == "")
        connection.execute(sa.update(PERSON).where(*people).values(zones=zones))
        members = MEMBER.c.person_id.in_(sa.select(PERSON.c.id).where(*people))
        connection.execute(sa.update(MEMBER).where(members).values(zones=zones))

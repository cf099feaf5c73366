"""A member for each combination of facts that the rule looks at, all put into the database at once.

Combinations that are the same in the database, as of members without a number, share a member: what is so of the one
must be what the rule says of each of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache
from itertools import product

from sqlalchemy import insert, select, update
from sqlalchemy.orm import DeclarativeBase, Session

from optin import clock
from optin.consent.rules import Facts
from optin.database import postgresql, statements
from optin.enums import Direction, MessageStatus, OptInStatus, Per, Purpose
from optin.models import (
    Campaign,
    CampaignMember,
    Disclosure,
    Hold,
    Keyword,
    Message,
    NumberLoss,
    OptIn,
    Person,
    ProviderBlock,
    Suppression,
)

SCOPE = "+14155550100"
CLOSED, LATE, CLOSED_AND_LATE = "Asia/Tokyo", "Asia/Seoul", "Asia/Manila"
ZONES = {(False, False): "UTC", (True, False): CLOSED, (False, True): LATE, (True, True): CLOSED_AND_LATE}
NOW = clock.now()
OPT_INS = (None, OptInStatus.PENDING, OptInStatus.ACTIVE)
NAMES = (
    *("has_number", "suppressed", "lost", "held", "duplicate", "opt_in", "other_opt_in", "blocked"),
    *("outside_hours", "too_late", "empty_field", "cap", "promised", "often"),
)
OF_THE_PERSON = ("outside_hours", "too_late", "empty_field")
"""What may be so of somebody without a number too."""
Given = Mapping[str, object]


def arrange(session: Session, campaign: Campaign, keywords: tuple[Keyword, Keyword]) -> dict[int, list[Facts]]:
    """Make the members; return the facts that each then has, by its id, for each of its combinations."""
    told_id = _promise(session, keywords[0])
    shared = _shared()
    each = [dict(stored) for stored in shared]
    numbers = [f"+1415{index:07d}" if given["has_number"] else None for index, given in enumerate(each)]
    _people_and_members(session, campaign, each, numbers)
    rows: dict[type[DeclarativeBase], list[dict[str, object]]] = defaultdict(list)
    for given, number in zip(each, numbers, strict=True):
        if number:
            for model, row in _circumstances(given, keywords, told_id):
                rows[model].append({"number": number, **row})
    for model, all_ in rows.items():
        _insert(session, model, all_)
    by = select(OptIn.id).where(OptIn.number == Message.number, OptIn.keyword_id == keywords[0].id).scalar_subquery()
    session.execute(update(Message).values(opt_in_id=by).execution_options(synchronize_session=False))
    _count_rows(session)
    return {len(each) + index: facts for index, facts in enumerate(shared.values(), start=1)}


@cache
def _shared() -> Mapping[tuple[tuple[str, object], ...], list[Facts]]:
    """Return the facts of all combinations by what of them is in the database."""
    found: dict[tuple[tuple[str, object], ...], list[Facts]] = defaultdict(list)
    switches = (False, True)
    for row in product(*[switches] * 5, OPT_INS, *[switches] * 8):
        given = dict(zip(NAMES, row, strict=True))
        found[tuple(_stored(given).items())].append(_facts(given))
    return found


def _stored(given: Given) -> dict[str, object]:
    """Leave out what makes no row."""
    if not given["has_number"]:
        return {name: value if name in OF_THE_PERSON else False for name, value in given.items()}
    return {**given, "promised": bool(given["promised"] and given["opt_in"])}


def _people_and_members(session: Session, campaign: Campaign, each: Iterable[Given], numbers: list[str | None]) -> None:
    """Make them with ids that follow one another, and before them an earlier member for each who is a duplicate."""
    people, members, size = [], [], len(numbers)
    for index, (given, number) in enumerate(zip(each, numbers, strict=True), start=1):
        zones = ZONES[bool(given["outside_hours"]), bool(given["too_late"])]
        ids = [size + index, *([index] if number and given["duplicate"] else [])]
        company = "" if given["empty_field"] else "Acme"
        people += [{"id": id_, "mobile": number, "company": company} for id_ in ids]
        members += [{"id": id_, "person_id": id_, "number": number, "zones": zones} for id_ in ids]
    moments = {"created_at": NOW, "updated_at": NOW}
    _insert(session, Person, [{"kind": "contact", "sort_name": "", **moments, **row} for row in people])
    of_campaign = {"campaign_id": campaign.id, "added_at": NOW}
    _insert(session, CampaignMember, [{**of_campaign, **row} for row in members])


def _insert(session: Session, model: type[DeclarativeBase], rows: list[dict[str, object]]) -> None:
    """Insert rows that have the same columns by one statement; of the model itself it would be one for each few."""
    session.execute(insert(statements.table(model)), rows)


def _promise(session: Session, keyword: Keyword) -> int:
    """Let some be promised one text a week."""
    told = Disclosure(keyword_id=keyword.id, version=1, text="1 a week", created_at=NOW)
    told.promised_most, told.promised_per = 1, Per.WEEK
    session.add(told)
    session.flush()
    return told.id


def _circumstances(
    given: Given, keywords: tuple[Keyword, Keyword], told_id: int
) -> Iterable[tuple[type[DeclarativeBase], dict[str, object]]]:
    """Make the rows of a number."""
    yield Suppression, _when(given["suppressed"], asked_at=NOW)
    yield Hold, _when(given["held"], cause="sentence")
    yield NumberLoss, _when(given["lost"])
    opt_in = {"source": "sms", "requested_at": NOW, "activated_at": NOW}
    if given["opt_in"]:
        told = told_id if given["promised"] else None
        yield OptIn, {"keyword_id": keywords[0].id, "status": given["opt_in"], "disclosure_id": told, **opt_in}
    if given["other_opt_in"]:
        active = {"keyword_id": keywords[1].id, "status": OptInStatus.ACTIVE, "disclosure_id": None}
        yield OptIn, {**active, **opt_in}
    yield ProviderBlock, _when(given["blocked"], scope=SCOPE, cause="word")
    yield ProviderBlock, _when(True, scope="another sender", cause="word")
    yield Message, _got(timedelta(hours=1) if given["cap"] else timedelta(hours=25))
    for _ in range(2):
        yield Message, _got(timedelta(days=2) if given["often"] else timedelta(days=8))


def _when(is_so: object, **fields: object) -> dict[str, object]:
    return {"started_at": NOW, "ended_at": None if is_so else NOW, **fields}


def _got(age: timedelta) -> dict[str, object]:
    """Return the row of a broadcast message that went so long ago."""
    what = {"direction": Direction.OUTBOUND, "purpose": Purpose.CAMPAIGN, "status": MessageStatus.DELIVERED}
    return {**what, "started_at": NOW - age, "created_at": NOW, "updated_at": NOW}


def _facts(given: Given) -> Facts:
    """Return what is so in a combination."""
    opted_in = given["opt_in"] == OptInStatus.ACTIVE
    return Facts(
        has_number=bool(given["has_number"]),
        suppressed=bool(given["suppressed"]),
        lost=bool(given["lost"]),
        held=bool(given["held"]),
        duplicate=bool(given["duplicate"]),
        pending=given["opt_in"] == OptInStatus.PENDING,
        opted_in=opted_in,
        any_opt_in=opted_in or bool(given["other_opt_in"]),
        blocked=bool(given["blocked"]),
        too_late=bool(given["too_late"]),
        empty_field=bool(given["empty_field"]),
        promise_reached=opted_in and bool(given["promised"]),
        often_texted=bool(given["often"]),
        outside_hours=bool(given["outside_hours"]),
        cap_reached=bool(given["cap"]),
    )


def _count_rows(session: Session) -> None:
    """Tell PostgreSQL of the rows: taking the tables for empty it would go through them all for each member.

    In production autovacuum does it, which is off in tests.
    """
    for table in (CampaignMember, Hold, Message, NumberLoss, OptIn, Person, ProviderBlock, Suppression):
        postgresql.analyse(session, table)

"""Leads for numbers that opted in or were pasted and that nobody has yet."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from optin import phone
from optin.consent import ledger
from optin.database.statements import insert
from optin.enums import PersonKind
from optin.models import Person
from optin.policy import cache

LEADS_AT_ONCE = 1000


def create(session: Session, numbers: Sequence[str], owner_id: int | None, at: datetime) -> int:
    """Make a lead for each number (E.164 or as received) and link it to the number's opt-ins; return how many.

    Nameless people are sorted by their number. The caller has seen that nobody has the numbers.
    """
    region, made = cache.policy(session).default_region, 0
    for start in range(0, len(numbers), LEADS_AT_ONCE):
        rows = [
            _row(number, phone.zone_group(number, region), owner_id, at)
            for number in numbers[start : start + LEADS_AT_ONCE]
        ]
        ids = session.scalars(insert(Person).returning(Person.id), rows).all()
        ledger.link_people(session, ids, at)
        made += len(ids)
    return made


def _row(number: str, zones: str, owner_id: int | None, at: datetime) -> dict[str, object]:
    return {
        "kind": PersonKind.LEAD,
        "first_name": "",
        "last_name": "",
        "sort_name": number,
        "mobile": number,
        "email": "",
        "company": "",
        "owner_id": owner_id,
        "us_state": "",
        "time_zone": "",
        "zones": zones,
        "notes": "",
        "created_at": at,
        "updated_at": at,
    }

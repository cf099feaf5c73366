"""Where people may be: the time zones of their number and of their address, and the same in their memberships."""

from collections.abc import Collection

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from optin.database.statements import run, table
from optin.models import CampaignMember, Person
from optin.phone import us_states

_PERSON, _MEMBER = table(Person), table(CampaignMember)
_ZONES = update(_PERSON).where(_PERSON.c.id == bindparam("of")).values(zones=bindparam("zones"))
_PLACES = (
    update(_MEMBER)
    .where(_MEMBER.c.person_id == bindparam("of"))
    .values(zones=bindparam("zones"), us_state=bindparam("us_state"))
)


def zones(person: Person, region: str) -> str:
    """Return the time zones of a person whose number is as people in `region` (two letters) write it."""
    if person.time_zone:
        return person.time_zone
    return us_states.zone_group(person.mobile, region, person.us_state or "") if person.mobile else ""


def follow_states(session: Session, person_ids: Collection[int], region: str) -> None:
    """Let the time zones of people, and their memberships, be those of the states that their addresses are in now."""
    if not person_ids:
        return
    found = session.scalars(select(Person).where(Person.id.in_(person_ids)).execution_options(populate_existing=True))
    values = [{"of": each.id, "zones": zones(each, region), "us_state": each.us_state} for each in found]
    run(session, _ZONES, [{"of": each["of"], "zones": each["zones"]} for each in values])
    run(session, _PLACES, values)

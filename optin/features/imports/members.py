"""Members by a file or by pasted numbers: what the database knows of the rows, who would receive, and adding them.

Nothing commits. Whoever takes rows over holds the lock under which people are made, and then that of the campaign.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Select, false, literal, select
from sqlalchemy.orm import Session

from optin.campaign_members import adding
from optin.consent import audience, facts
from optin.consent.audience import AudienceQuestion
from optin.database.statements import listed
from optin.enums import Reason
from optin.features.imports.deciding import Decision
from optin.features.imports.fields import US_STATE
from optin.features.imports.member_deciding import Standing
from optin.features.imports.terms import Known, Outcome
from optin.models import Campaign, CampaignMember, ImportRun, Person
from optin.phone import us_states
from optin.policy import cache
from optin.policy.policy import Policy
from optin.provider import senders

COMING_IN = (Outcome.NEW, Outcome.CHANGED)
WHY = "why:"
"""Counts of those who come in begin with this, by the reason why they would not receive a message now, "" if they
would."""


def campaign_of(session: Session, run: ImportRun) -> Campaign | None:
    """Return the campaign of a run; None for one that is of no campaign."""
    return session.get(Campaign, run.campaign_id) if run.campaign_id else None


def lock_campaign(session: Session, run: ImportRun) -> None:
    """Let one transaction at a time add members to the campaign of a run; nothing for another kind."""
    if run.campaign_id:
        session.scalars(Campaign.locked(run.campaign_id)).one()


def standing(session: Session, run: ImportRun, person_ids: Sequence[int]) -> Standing:
    """Tell how people stand to the campaign of a run."""
    return adding.kinds_of(session, run.campaign_id or 0, _ids(person_ids)) if person_ids else {}


def whys(
    session: Session, run: ImportRun, decisions: Sequence[Mapping[Known, Decision]]
) -> Mapping[Known, Counter[str]]:
    """Count by each way those who come in, by why a message would not go to them now."""
    campaign = campaign_of(session, run)
    coming = [each for by_way in decisions for each in by_way.values() if each.outcome in COMING_IN]
    if campaign is None or not coming:
        return {}
    policy, sender = cache.policy(session), next(iter(senders.all_in_use(session)), None)
    ids = _ids(sorted({each.person.id for each in coming if each.person}))
    groups = adding.zone_groups(session, ids)
    states = {each.row.number: each.row.values.get(US_STATE, "") for each in coming if each.person is None}
    zones = {number: _zones(number, policy, state) for number, state in states.items()}
    scope, channel = facts.scope_and_channel(sender)
    question = audience.ask(session, campaign, scope, channel, policy, groups={*groups, *zones.values()})
    of_people = adding.reason_of_each(session, question, ids, ids)
    of_numbers = _of_numbers(session, question, zones, states)

    def why(each: Decision) -> str:
        if each.row.opted_out and each.row.number:
            return Reason.OPTED_OUT
        return of_people[each.person.id] if each.person else of_numbers[each.row.number]

    ways = decisions[0]
    taken = {way: [by_way[way] for by_way in decisions if by_way[way].outcome in COMING_IN] for way in ways}
    return {way: Counter(WHY + why(each) for each in some) for way, some in taken.items()}


def _zones(number: str, policy: Policy, us_state: str) -> str:
    return us_states.zone_group(number, policy.default_region, us_state) if number else ""


def _of_numbers(
    session: Session, question: AudienceQuestion, zones: Mapping[str, str], states: Mapping[str, str]
) -> Mapping[str, str]:
    """Say of numbers that nobody has why a message would not go there now; "" stands for none."""
    found: dict[str, str] = {}
    groups: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for number, state in states.items():
        groups[question.is_closed(number, zones[number], state), state].append(number)
    for (is_closed, state), some in groups.items():
        asked = replace(question, closed_groups=["closed"], open_groups=["open"], closed_places=())
        rows = listed(session, [number or None for number in some])
        hours = literal("closed" if is_closed else "open")
        reason = audience.reason_of_others(asked, rows.c.value, hours, false(), state)
        found |= {row[0] or "": row[1] for row in session.execute(select(rows.c.value, reason))}
    return found


def add(session: Session, run: ImportRun, decisions: Sequence[Decision], lead_ids: Sequence[int], now: datetime) -> int:
    """Make members of the people who come in, among them leads that were just made; return how many."""
    ids = [each.person.id for each in decisions if each.outcome in COMING_IN and each.person]
    chosen, user_id = _ids([*ids, *lead_ids]), run.created_by_id
    campaign_id = run.campaign_id or 0
    return adding.add(session, campaign_id, chosen, user_id, now, include_removed=True, import_run_id=run.id).members


def removals(session: Session, run: ImportRun, decisions: Sequence[Decision]) -> Mapping[int, Mapping[str, object]]:
    """Return who had been removed and comes back: when and by whom it was, by the person's id."""
    ids = [each.person.id for each in decisions if each.outcome is Outcome.CHANGED and each.person]
    columns = (CampaignMember.person_id, CampaignMember.removed_at, CampaignMember.removed_by_id)
    mine = (CampaignMember.campaign_id == run.campaign_id, CampaignMember.person_id.in_(ids))
    return {
        row[0]: {"removed_at": row[1].isoformat(), "removed_by_id": row[2]}
        for row in session.execute(select(*columns).where(*mine))
        if row[1] is not None
    }


def _ids(person_ids: Sequence[int]) -> Select[int]:
    return select(Person.id).where(Person.id.in_(person_ids))

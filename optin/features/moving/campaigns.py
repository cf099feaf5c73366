"""The stages of campaigns and their members."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import literal, select

from optin.database.session import UTCDateTime
from optin.database.statements import insert
from optin.enums import CampaignStatus
from optin.features.moving import keywords, people, references
from optin.features.moving.deciding import RowVerdict
from optin.features.moving.job import DELETED, NO_ID, Job, here, left_out, moved
from optin.features.moving.records import ExportRow
from optin.features.moving.signs import KeywordRole
from optin.features.moving.terms import ExportObject
from optin.models import Campaign, CampaignMember, Person
from optin.policy import audit

_STATUS = {status.label.casefold(): status for status in CampaignStatus}
NO_KEYWORD = "Its keyword is not in the export: nobody could tell who agreed to its messages."
NO_CAMPAIGN = "Its campaign is not in the export, or was left out."
NO_PERSON = "Its contact or lead is not in the export."
GONE = "It was moved before and is deleted here."


def campaigns(job: Job, rows: Sequence[ExportRow]) -> list[RowVerdict]:
    """Say, or do, what becomes of campaigns: each needs the keyword that it had."""
    known = job.moved(ExportObject.CAMPAIGN, [row.key() for row in rows])
    verdicts = []
    for row in rows:
        name = keyword_of(job, row)
        if not row.key() or row.is_deleted:
            verdicts.append(left_out(row, DELETED if row.key() else NO_ID))
        elif row.key() in known:
            job.note_keys([(f"{ExportObject.CAMPAIGN}:{row.key()}", row.line)])
            verdicts.append(here(row))
        elif name is None:
            verdicts.append(left_out(row, NO_KEYWORD))
        else:
            job.note_keys([(f"{ExportObject.CAMPAIGN}:{row.key()}", row.line)])
            if job.to_write:
                _make(job, row, name)
            verdicts.append(moved(row))
    return verdicts


def keyword_of(job: Job, row: ExportRow) -> str | None:
    """Return the name of a campaign's keyword, "" if it has none; None where nobody knows it, or it is STOP."""
    if not row.text("keyword").strip() and not row.one_line("keyword_name"):
        return ""
    name = job.move.keywords.get(row.key("keyword")) or row.one_line("keyword_name")
    return name if name and job.role_of(name) is KeywordRole.CAMPAIGN else None


def _make(job: Job, row: ExportRow, keyword: str) -> None:
    campaign = Campaign(
        name=row.one_line("name") or "Campaign without a name",
        description=row.text("description").replace("\0", ""),
        status=_STATUS.get(row.one_line("status").casefold(), CampaignStatus.PLANNED),
        keyword_id=keywords.ensure(job, keyword) if keyword else None,
        owner_id=job.run.created_by_id,
        created_at=job.now,
        updated_at=job.now,
    )
    job.session.add(campaign)
    job.session.flush()
    audit.record(job.session, job.run.created_by_id, "created", "campaign", campaign.id)
    references.add(job.session, ExportObject.CAMPAIGN, [(row.key(), campaign.id)])


def members(job: Job, rows: Sequence[ExportRow]) -> list[RowVerdict]:
    """Say, or do, what becomes of members; who was removed here stays removed."""
    of_campaigns = job.known(ExportObject.CAMPAIGN, [row.key("campaign") for row in rows])
    of_people = {which: job.known(which, [row.key(which) for row in rows]) for which in people.PEOPLE}
    verdicts, good = {}, []
    for row in rows:
        whose = next((which for which in people.PEOPLE if row.key(which) in of_people[which]), None)
        if row.is_deleted:
            verdicts[row.line] = left_out(row, DELETED)
        elif row.key("campaign") not in of_campaigns:
            verdicts[row.line] = left_out(row, NO_CAMPAIGN)
        elif whose is None:
            verdicts[row.line] = left_out(row, NO_PERSON)
        else:
            verdicts[row.line] = moved(row)
            good.append((row, whose))
    if job.to_write:
        verdicts |= _add(job, good)
    return [verdicts[row.line] for row in rows]


def _add(job: Job, good: Sequence[tuple[ExportRow, ExportObject]]) -> dict[int, RowVerdict]:
    """Make the members; return what became of each by its line."""
    campaign_ids = job.moved(ExportObject.CAMPAIGN, [row.key("campaign") for row, _ in good])
    ids = {which: job.moved(which, [row.key(which) for row, of in good if of is which]) for which in people.PEOPLE}
    still = people.exist(job, [person_id for each in ids.values() for person_id in each.values()])
    wanted: dict[int, dict[int, ExportRow]] = defaultdict(dict)
    verdicts: dict[int, RowVerdict] = {}
    for row, which in good:
        person_id, campaign_id = ids[which].get(row.key(which)), campaign_ids.get(row.key("campaign"))
        if person_id not in still or campaign_id is None:
            verdicts[row.line] = left_out(row, GONE)
        elif person_id in wanted[campaign_id]:
            verdicts[row.line] = here(row)
        else:
            wanted[campaign_id][person_id] = row
    for campaign_id, of_person in wanted.items():
        made = _insert(job, campaign_id, list(of_person))
        verdicts |= {row.line: here(row) for person_id, row in of_person.items() if person_id not in made}
        if made:
            who = {"Members": ("", len(made))}
            audit.record(job.session, job.run.created_by_id, "added members", "campaign", campaign_id, who)
    return verdicts


def _insert(job: Job, campaign_id: int, person_ids: Sequence[int]) -> set[int]:
    """Make members of those who never were; return who that is."""
    people_of = select(
        literal(campaign_id),
        Person.id,
        Person.mobile,
        Person.zones,
        Person.us_state,
        literal(job.now, UTCDateTime()),
        literal(job.run.created_by_id),
    ).where(Person.id.in_(person_ids))
    columns = ["campaign_id", "person_id", "number", "zones", "us_state", "added_at", "added_by_id"]
    made = insert(CampaignMember).from_select(columns, people_of).on_conflict_do_nothing()
    return set(job.session.scalars(made.returning(CampaignMember.person_id)))

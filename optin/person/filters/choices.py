"""Filters by what a record belongs to: its owner, campaigns, the import that made it, its kind.

Whatever was deleted is refused with a sentence, so that such a filter matches nobody and never everybody.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, not_, or_, select
from sqlalchemy.orm import Session

from optin.enums import PersonKind
from optin.models import Campaign, CampaignMember, ImportRun, Person, User
from optin.models.index_conditions import is_imported, is_not_removed
from optin.person.filters.field import Asked, Asker, Field, How, Option, People
from optin.person.filters.terms import Filter, Operand, Operator
from optin.refused import Refused

ME, NOBODY = "me", "nobody"
OFFERED = 200
"""So many are offered to choose from, the newest."""
LARGEST = 2**31 - 1
MADE = ("contacts", "leads")


def ids_of(values: Sequence[str]) -> set[int]:
    """Return the ids among the values of a filter."""
    found = {
        int(value) for value in values if value.isascii() and value.isdigit() and len(value) < len(str(LARGEST)) + 1
    }
    return {id_ for id_ in found if 0 < id_ <= LARGEST}


def check(session: Session, table: type[Any], values: Sequence[str], what: str) -> list[int] | Refused:
    """Return the ids that a filter asks for; refuse it where one of them, `what` it is, is there no more."""
    wanted = ids_of(values)
    found = set(session.scalars(select(table.id).where(table.id.in_(wanted))))
    if found != wanted or len(wanted) < len(values):
        return Refused(f"The {what} of this filter is not there any more, so the filter matches nobody.")
    return sorted(found)


def offered(session: Session, all_: Select[int, str], id_: Any, chosen: Sequence[str]) -> list[Option]:
    """Return what can be chosen: the first of all, and what is chosen already."""
    rows = session.execute(all_.limit(OFFERED)).all()
    missing = ids_of(chosen) - {row[0] for row in rows}
    if missing:
        rows = [*rows, *session.execute(all_.where(id_.in_(missing)))]
    return [Option(str(row[0]), row[1]) for row in rows]


def _ask_owner(session: Session, asked: Filter, asker: Asker) -> Asked | Refused:
    users = [str(asker.user_id) if value == ME else value for value in asked.values if value != NOBODY]
    ids = check(session, User, list(dict.fromkeys(users)), "user")
    if isinstance(ids, Refused):
        return ids
    nobody = NOBODY in asked.values

    def is_theirs(of: People) -> ColumnElement[bool]:
        ways = [of.owner_id == id_ for id_ in ids]
        return or_(*ways, of.owner_id.is_(None)) if nobody else or_(*ways)

    if asked.operator is Operator.NOT:
        return Asked(lambda of: not_(func.coalesce(is_theirs(of), false())))
    return Asked(is_theirs, ids=select(Person.id).where(is_theirs(Person)), leads=len(ids) + nobody == 1)


def _owners(session: Session, chosen: Sequence[str]) -> Sequence[Option]:
    able = User.disabled_at.is_(None) | User.id.in_(ids_of(chosen))
    users = session.execute(select(User.id, User.name).where(able).order_by(func.lower(User.name), User.id))
    return [Option(ME, "me"), Option(NOBODY, "nobody"), *(Option(str(id_), name) for id_, name in users)]


def _ask_campaign(session: Session, asked: Filter, _asker: Asker) -> Asked | Refused:
    ids = check(session, Campaign, asked.values, "campaign")
    if isinstance(ids, Refused):
        return ids
    members = select(CampaignMember.person_id).where(
        CampaignMember.campaign_id.in_(ids), is_not_removed(CampaignMember)
    )

    def is_in(of: People) -> ColumnElement[bool]:
        stays = (CampaignMember.campaign_id.in_(ids), is_not_removed(CampaignMember))
        return exists().where(CampaignMember.person_id == of.id, *stays)

    return Asked(lambda of: not_(is_in(of))) if asked.operator is Operator.NOT else Asked(is_in, ids=members)


def _campaigns(session: Session, chosen: Sequence[str]) -> Sequence[Option]:
    newest = select(Campaign.id, Campaign.name).order_by(Campaign.updated_at.desc(), Campaign.id.desc())
    return offered(session, newest, Campaign.id, chosen)


def _ask_import(session: Session, asked: Filter, _asker: Asker) -> Asked | Refused:
    ids = check(session, ImportRun, asked.values, "import")
    if isinstance(ids, Refused):
        return ids

    def is_from(of: People) -> ColumnElement[bool]:
        return and_(is_imported(of), of.import_run_id.in_(ids))

    return Asked(is_from, ids=select(Person.id).where(is_from(Person)))


def _imports(session: Session, chosen: Sequence[str]) -> Sequence[Option]:
    label = ImportRun.file_name.label("name")
    runs = select(ImportRun.id, label, ImportRun.started_at).where(ImportRun.started_at.is_not(None))
    newest = session.execute(runs.where(ImportRun.kind.in_(MADE)).order_by(ImportRun.id.desc()).limit(OFFERED)).all()
    missing = ids_of(chosen) - {row[0] for row in newest}
    found = [*newest, *(session.execute(runs.where(ImportRun.id.in_(missing))) if missing else ())]
    return [Option(str(id_), f"{name}, {at.day} {at:%b %Y}") for id_, name, at in found]


def _ask_kind(_session: Session, asked: Filter, _asker: Asker) -> Asked | Refused:
    kinds = [value for value in asked.values if value in list(PersonKind)]
    if len(kinds) < len(asked.values):
        return Refused("There are contacts and leads, and nothing else.")
    return Asked(lambda of: of.kind.in_(kinds))


def _choice(*words: tuple[Operator, str]) -> dict[Operator, How]:
    return {operator: How(Operand.CHOICE, said) for operator, said in words}


Options = Callable[[Session, Sequence[str]], Sequence[Option]]
FIELDS: Sequence[Field] = (
    Field(
        "owner",
        "Owner",
        _choice((Operator.IS, "Owner is {}"), (Operator.NOT, "Owner is not {}")),
        _ask_owner,
        _owners,
    ),
    Field(
        "campaign",
        "Campaign",
        _choice((Operator.IS, "Member of {}"), (Operator.NOT, "Not a member of {}")),
        _ask_campaign,
        _campaigns,
    ),
    Field("import", "Import", _choice((Operator.IS, "Imported from {}")), _ask_import, _imports),
    Field(
        "kind",
        "Kind",
        _choice((Operator.IS, "Is a {}")),
        _ask_kind,
        lambda _session, _chosen: [Option(str(kind), kind.label) for kind in PersonKind],
        in_lists=False,
    ),
)

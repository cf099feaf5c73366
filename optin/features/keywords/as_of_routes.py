"""Which opt-ins of a keyword were active at a moment: count, list and file."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from flask import Response
from sqlalchemy.orm import Session

from optin.consent import as_of
from optin.enums import Role
from optin.features.keywords import opt_ins
from optin.features.keywords.blueprint import blueprint, load
from optin.models import OptIn, Person
from optin.web.access import downloads, requires
from optin.web.as_of import ANSWERS, Answer, AsOfPages
from optin.web.filters import person_name
from optin.web.lists import Column

URL = "/keywords/<int:keyword_id>/as-of"


class AsOfRow(NamedTuple):
    """An opt-in with its people, and whether it was active."""

    opt_in: OptIn
    people: Sequence[Person]
    then: bool
    now: bool


COLUMNS: tuple[Column[AsOfRow], ...] = (
    Column("Opt-in", lambda row: row.opt_in.name, cell="opt_in", name="opt-in", keys=[OptIn.id]),
    Column("Phone number", lambda row: row.opt_in.number, is_phone=True),
    Column("Contact or lead", lambda row: ", ".join(person_name(person) for person in row.people), cell="people"),
    *ANSWERS,
    Column("Status today", lambda row: row.opt_in.state.label, cell="status"),
)


def rows(session: Session, answers: Sequence[Answer]) -> list[AsOfRow]:
    """Return answers as rows of the list."""
    with_people = opt_ins.rows(session, [each.record for each in answers])
    return [AsOfRow(*row, each.then, each.now) for row, each in zip(with_people, answers, strict=True)]


PAGES = AsOfPages("keywords/as_of.html", "keywords.as_of", "keyword_id", COLUMNS, rows)


@blueprint.get(URL, endpoint="as_of")
def show(keyword_id: int) -> str:
    """Ask for a moment, and show who was opted in."""
    return PAGES.show(keyword_id, partial(as_of.of_keyword, keyword_id), keyword=load(keyword_id))


@blueprint.get(f"{URL}/count", endpoint="as_of_count")
def count(keyword_id: int) -> str:
    """Count on (fragment)."""
    return PAGES.count(load(keyword_id).id, partial(as_of.of_keyword, keyword_id))


@blueprint.get(f"{URL}/file", endpoint="as_of_file")
@requires(Role.AGENT)
@downloads
def file(keyword_id: int) -> Response:
    return PAGES.file(load(keyword_id).id, partial(as_of.of_keyword, keyword_id))

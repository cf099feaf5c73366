"""Opting numbers in as a file says, with the date of the file: many at once, each under its lock, none who left."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import true
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act, Event
from optin.consent.ledger.import_obstacles import Obstacle, ObstacleKind, obstacles
from optin.consent.ledger.number_lock import lock_numbers
from optin.consent.ledger.opting_in import link
from optin.database.statements import insert, insert_rows, table
from optin.enums import EventKind, OptInStatus
from optin.models import OptIn
from optin.phone import spellings

_OPT_IN = table(OptIn)
_NEW = insert(_OPT_IN).on_conflict_do_nothing().returning(_OPT_IN.c.id, _OPT_IN.c.number)
LINKED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ImportedOptIn:
    """The consent of one number (E.164) since a moment, as a file says.

    `text` says in words how they agreed: it becomes the personal part of the event. `detail` names the row of the file
    and holds nothing personal. `evidence` is kept with the opt-in (way, by, told, row), and so is `comment`.
    """

    number: str
    at: datetime
    text: str
    detail: str = ""
    disclosure_id: int | None = None
    evidence: Mapping[str, Any] | None = None
    comment: str = ""


def import_opt_ins(
    session: Session,
    keyword_id: int,
    given: Sequence[ImportedOptIn],
    act: Act,
    kind: EventKind = EventKind.IMPORTED,
) -> dict[str, Obstacle]:
    """Opt the numbers in with the keyword, each as of its own date; return by number what stood against the others.

    Of one number only the first counts. No date may be in the future. Whoever left, is on hold, blocked or lost stays
    as they are, and so does who is opted in already. Nobody is asked or answered, whatever the keyword says: the file
    has the proof. `kind` is the event of each.
    """
    wanted = {each.number: each for each in reversed(given)}
    lock_numbers(session, with_spellings(wanted))
    against = obstacles(session, keyword_id, {number: each.at for number, each in wanted.items()})
    rows = [_row(keyword_id, each, act) for number, each in wanted.items() if number not in against]
    made = {row.number: row.id for row in insert_rows(session, _NEW, rows)}
    ids = list(made.values())
    for start in range(0, len(ids), LINKED_AT_ONCE):
        link(session, true(), OptIn.id.in_(ids[start : start + LINKED_AT_ONCE]), act.at)
    events.write_each(session, [_event(keyword_id, wanted[number], made[number], act, kind) for number in made])
    taken = {number: Obstacle(ObstacleKind.ACTIVE) for number in wanted if number not in made}
    return taken | against


def with_spellings(numbers: Collection[str]) -> set[str]:
    """Return the numbers with every other form under which their phones may be known."""
    return {form for number in numbers for form in (number, *spellings.others(number))}


def _row(keyword_id: int, given: ImportedOptIn, act: Act) -> dict[str, Any]:
    return {
        "channel": act.channel,
        "number": given.number,
        "keyword_id": keyword_id,
        "status": OptInStatus.ACTIVE,
        "source": act.source,
        "text": "",
        "disclosure_id": given.disclosure_id,
        "comment": given.comment,
        "created_by_id": act.actor_id,
        "requested_at": min(given.at, act.at),
        "activated_at": min(given.at, act.at),
        "end_comment": "",
        "import_run_id": act.import_run_id,
        "evidence": dict(given.evidence) if given.evidence is not None else None,
    }


def _event(keyword_id: int, given: ImportedOptIn, opt_in_id: int, act: Act, kind: EventKind) -> tuple[str, Act, Event]:
    said = replace(act, provider_at=min(given.at, act.at), text=given.text)
    about = {"keyword_id": keyword_id, "opt_in_id": opt_in_id, "disclosure_id": given.disclosure_id}
    return given.number, said, Event(kind, **about, detail=given.detail)

"""The stage of consent: number after number, all that the export says of it is decided and written by the ledger."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import select

from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.ledger import EndedElsewhere, ImportedOptIn, Obstacle, ObstacleKind, TakenOver
from optin.enums import EndReason, EventKind, HoldCause, OptInSource, OptInStatus
from optin.features.moving import keywords, references
from optin.features.moving.deciding import MovedOptIn, NumberVerdict, RowVerdict, decide
from optin.features.moving.job import Job
from optin.features.moving.people import PEOPLE
from optin.features.moving.signs import HeldRow, TextSign, from_json
from optin.features.moving.terms import ExportObject, MoveOutcome
from optin.models import MoveSign, OptIn
from optin.models.index_conditions import LIVE
from optin.queries import import_keys
from optin.reading.normal_form import normalise

AT_ONCE = 60
"""Numbers of one step."""
STOPPED = "STOP, in Twilio for Salesforce"
NO_HISTORY = "earlier history was not kept there"
_HERE = {
    ObstacleKind.OPTED_OUT: "The number has opted out in Optin: it is moved as inactive.",
    ObstacleKind.LEFT_KEYWORD: "They left this keyword in Optin: it is moved as inactive.",
    ObstacleKind.DECLINED: "They answered no in Optin: it is moved as inactive.",
    ObstacleKind.ENDED: "It was ended in Optin, which counts.",
    ObstacleKind.NUMBER_CHANGED: "The number was given up in Optin: it is moved as inactive.",
    ObstacleKind.LOST: "The number is not in use, as Optin knows: it is moved as inactive.",
    ObstacleKind.ON_HOLD: "The number is on hold for review in Optin: it is moved as inactive.",
    ObstacleKind.BLOCKED: "Twilio blocks the number, as Optin knows: it is moved as inactive.",
    ObstacleKind.WAITING: "Optin has asked them to confirm, which counts.",
}
_REASON = {
    ObstacleKind.OPTED_OUT: EndReason.OPTED_OUT,
    ObstacleKind.LEFT_KEYWORD: EndReason.OPTED_OUT,
    ObstacleKind.DECLINED: EndReason.OPTED_OUT,
    ObstacleKind.LOST: EndReason.NUMBER_LOST,
}


@dataclass(frozen=True)
class NumberSigns:
    """What was put by of a number, with the cells of the rows."""

    number: str
    rows: list[HeldRow] = field(default_factory=list)
    texts: list[TextSign] = field(default_factory=list)


Cells = dict[int, Sequence[str]]


def step(job: Job) -> tuple[list[RowVerdict], Cells, bool]:
    """Decide about the next numbers; return a verdict for each row of the opt-ins, their cells, and if it was all."""
    found, cells = _next(job)
    if found:
        job.move.place = found[-1].number
    decided = {each.number: decide(each.rows, each.texts, job.now) for each in found}
    if job.to_write:
        ledger.lock_numbers(job.session, ledger.with_spellings(decided))
        for number, verdict in decided.items():
            _leave(job, number, verdict)
    changed = _opt_ins(job, decided)
    if job.to_write:
        for number, verdict in decided.items():
            _hold(job, number, verdict)
    verdicts = [changed.get(row.line, row) for verdict in decided.values() for row in verdict.rows]
    return verdicts, cells, len(found) < AT_ONCE


def _next(job: Job) -> tuple[list[NumberSigns], Cells]:
    mine = (MoveSign.run_id == job.run.id, MoveSign.number > job.move.place)
    numbers = select(MoveSign.number).where(*mine).distinct().order_by(MoveSign.number).limit(AT_ONCE)
    asked = select(MoveSign).where(
        MoveSign.run_id == job.run.id, MoveSign.number.in_(job.session.scalars(numbers).all())
    )
    signs = job.session.scalars(asked.order_by(MoveSign.number, MoveSign.kind, MoveSign.line)).all()
    found: list[NumberSigns] = []
    cells: Cells = {}
    for number, group in groupby(signs, key=lambda sign: sign.number):
        each = NumberSigns(number)
        for sign in group:
            if sign.kind == ExportObject.OPT_IN:
                each.rows.append(from_json(HeldRow, sign.said))
                cells[sign.line] = sign.cells or ()
            else:
                each.texts.append(from_json(TextSign, sign.said))
        found.append(each)
    _link(job, found)
    return found, cells


def _link(job: Job, found: Sequence[NumberSigns]) -> None:
    """Note which rows look up a contact or lead who has not their number; without files of people nobody can tell."""
    if not any(job.has(which) for which in PEOPLE):
        return
    keys = {f"{key}:{each.number}" for each in found for row in each.rows for key in row.people.split()}
    having = import_keys.first_lines(job.session, job.run, keys)
    for each in found:
        for index, row in enumerate(each.rows):
            looked_up = row.people.split()
            if looked_up and not any(f"{key}:{each.number}" in having for key in looked_up):
                each.rows[index] = replace(row, linked=False)


def _act(job: Job, at: datetime, text: str = "", sid: str = "") -> Act:
    return Act(
        source=OptInSource.MIGRATED,
        at=job.now,
        provider_at=at,
        text=text,
        message_sid=sid or None,
        actor_id=job.run.created_by_id,
    )


def _leave(job: Job, number: str, verdict: NumberVerdict) -> None:
    leaving = verdict.leaving
    if leaving is not None:
        sign = leaving.sign
        act = _act(job, leaving.at, sign.body if sign else STOPPED, sign.sid if sign else "")
        ledger.opt_out_of_before(job.session, number, act, is_over=leaving.is_over)


def _hold(job: Job, number: str, verdict: NumberVerdict) -> None:
    doubt = verdict.doubt
    if doubt is not None:
        sign = doubt.sign
        act = _act(job, doubt.at, sign.body if sign else STOPPED, sign.sid if sign else "")
        cause = HoldCause(sign.cause) if sign else HoldCause.STOP_AND_KEYWORD
        ledger.hold_of_before(job.session, number, act, cause, sign.body if sign else STOPPED)


def _opt_ins(job: Job, decided: Mapping[str, NumberVerdict]) -> dict[int, RowVerdict]:
    """Record the opt-ins, keyword by keyword; return the rows of which what is here makes something else."""
    by_word: dict[str, list[tuple[str, MovedOptIn]]] = defaultdict(list)
    for number, verdict in decided.items():
        for each in verdict.opt_ins:
            by_word[normalise(each.row.word)].append((number, each))
    names = {normalise(each.row.word): each.row.word for mine in by_word.values() for _, each in mine}
    ids = keywords.find(job.session, list(names.values()))
    changed: dict[int, RowVerdict] = {}
    for word, mine in sorted(by_word.items()):
        keyword_id = ids.get(word)
        if keyword_id is None and job.to_write:
            keyword_id = keywords.ensure(job, names[word])
        changed |= _of_keyword(job, keyword_id, mine)
    return changed


def _of_keyword(job: Job, keyword_id: int | None, mine: Sequence[tuple[str, MovedOptIn]]) -> dict[int, RowVerdict]:
    """Take over what is active where nothing stands against it, and all else as ended."""
    here = _statuses(job, keyword_id, [number for number, _ in mine])
    changed, refs = {}, []
    active = {number: each for number, each in mine if each.reason is None and number not in here}
    against = _activate(job, keyword_id, active)
    refs += _made(job, keyword_id, {number: each for number, each in active.items() if number not in against})
    for number, each in mine:
        if each.reason is None and number in here:
            is_same = here[number] == OptInStatus.ACTIVE
            said = "" if is_same else _HERE[ObstacleKind.ENDED if here[number] not in LIVE else ObstacleKind.WAITING]
            outcome = MoveOutcome.HERE if is_same else MoveOutcome.CONFLICT
            changed[each.row.line] = RowVerdict(each.row.line, outcome, said)
        elif each.reason is None and number in against:
            changed[each.row.line] = RowVerdict(each.row.line, MoveOutcome.CONFLICT, _HERE[against[number].kind])
            refs += _end(job, keyword_id, number, _ended_here(job, each, against[number]))[1]
        elif each.reason is not None:
            outcome_here, made = _end(job, keyword_id, number, each)
            refs += made
            if outcome_here is TakenOver.SAME:
                changed[each.row.line] = RowVerdict(each.row.line, MoveOutcome.HERE)
    if job.to_write:
        references.add(job.session, ExportObject.OPT_IN, refs)
    return changed


def _statuses(job: Job, keyword_id: int | None, numbers: Sequence[str]) -> dict[str, str]:
    """Return how the opt-in of each number with the keyword stands here, where there is one, a live one first."""
    mine = select(OptIn.number, OptIn.status).where(OptIn.number.in_(numbers), OptIn.keyword_id == keyword_id)
    rows = job.session.execute(mine.order_by(OptIn.status.in_(LIVE), OptIn.id))
    return {row.number: row.status for row in rows}


def _activate(job: Job, keyword_id: int | None, active: Mapping[str, MovedOptIn]) -> Mapping[str, Obstacle]:
    """Opt the numbers in, each as of its date; return what stands against the others."""
    if not active:
        return {}
    if not job.to_write or keyword_id is None:
        return ledger.obstacles(
            job.session, keyword_id or 0, {number: each.began_at for number, each in active.items()}
        )
    given = [
        ImportedOptIn(number, each.began_at, each.row.text or each.note, detail=NO_HISTORY, comment=each.note)
        for number, each in active.items()
    ]
    act = _act(job, job.now)
    return ledger.import_opt_ins(job.session, keyword_id, given, act, EventKind.ACTIVATED)


def _made(job: Job, keyword_id: int | None, active: Mapping[str, MovedOptIn]) -> list[tuple[str, int]]:
    """Return the key of each row with the opt-in that was made of it."""
    if not job.to_write:
        return []
    mine = (OptIn.number.in_(list(active)), OptIn.keyword_id == keyword_id, OptIn.status.in_(LIVE))
    rows = job.session.execute(select(OptIn.number, OptIn.id).where(*mine))
    return [(active[number].row.key, opt_in_id) for number, opt_in_id in rows if active[number].row.key]


def _ended_here(job: Job, each: MovedOptIn, obstacle: Obstacle) -> MovedOptIn:
    ended = max(obstacle.at or job.now, each.began_at)
    return replace(each, ended_at=ended, reason=_REASON.get(obstacle.kind, EndReason.MIGRATED_INACTIVE))


def _end(job: Job, keyword_id: int | None, number: str, each: MovedOptIn) -> tuple[TakenOver, list[tuple[str, int]]]:
    assert each.reason is not None
    ended = EndedElsewhere(each.began_at, each.ended_at or job.now, each.reason, each.note)
    if not job.to_write or keyword_id is None:
        return ledger.foresee_ended(job.session, number, keyword_id, ended), []
    act = _act(job, ended.ended_at, each.row.text, each.row.sid)
    outcome, opt_in_id = ledger.take_over_ended(job.session, number, keyword_id, ended, act)
    return outcome, [(each.row.key, opt_in_id)] if each.row.key else []

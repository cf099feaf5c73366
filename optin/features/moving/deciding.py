"""What becomes of the consent of one number, by everything that the export says of it. Pure.

Joining is strict and leaving liberal: a row makes an active opt-in only where nothing at or after its moment says that
the person left, and where nothing is left open. Texts add opt-outs and doubts, never an opt-in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from optin.enums import EndReason
from optin.features.moving.signs import HeldRow, KeywordRole, SignMeaning, TextSign
from optin.features.moving.terms import MoveOutcome
from optin.reading.normal_form import normalise

AT_ONCE = timedelta(minutes=1)
"""A keyword so soon after a STOP may have been sent before it: a person decides."""
NO_HISTORY = "Moved from Twilio for Salesforce; earlier history was not kept there."
MAY_BE_BLOCKED = "May be blocked at Twilio: there was a STOP before this opt-in."


@dataclass(frozen=True, slots=True)
class MovedOptIn:
    """An opt-in as it is to be recorded: active, or ended for a reason at a moment."""

    row: HeldRow
    began_at: datetime
    ended_at: datetime | None = None
    reason: EndReason | None = None
    note: str = NO_HISTORY


@dataclass(frozen=True, slots=True)
class Leaving:
    """The last that says that the number left. `is_over`: an active opt-in is newer; `sign` is its text, if any."""

    at: datetime
    is_over: bool = False
    sign: TextSign | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a person must decide; `sign` is the text, None for a keyword right after a STOP."""

    at: datetime
    sign: TextSign | None = None


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What becomes of a row of the opt-ins; a sentence where there is something to know."""

    line: int
    outcome: MoveOutcome
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class NumberVerdict:
    """What becomes of a number: its opt-ins, its last opt-out, a hold, and a verdict for each row."""

    opt_ins: Sequence[MovedOptIn] = ()
    leaving: Leaving | None = None
    doubt: Doubt | None = None
    rows: Sequence[RowVerdict] = ()


def decide(rows: Sequence[HeldRow], texts: Sequence[TextSign], now: datetime) -> NumberVerdict:
    """Say what becomes of a number. What says that it left without a moment, or of a moment to come, is of `now`."""
    stop_rows = [row for row in rows if row.role is KeywordRole.STOP or _may_be_stop(row)]
    stops: list[tuple[datetime, TextSign | None]] = [(_past(row.left_at, now), None) for row in stop_rows]
    stops += [(_past(text.at, now), text) for text in texts if text.meaning is SignMeaning.OPT_OUT]
    last, last_text = max(stops, key=lambda stop: stop[0], default=(None, None))
    opt_ins: list[MovedOptIn] = []
    verdicts: list[RowVerdict] = []
    mine = sorted((row for row in rows if row.role is KeywordRole.CAMPAIGN), key=lambda row: normalise(row.word))
    for _, same in groupby(mine, key=lambda row: normalise(row.word)):
        made, said = _of_keyword(list(same), texts, last, now)
        opt_ins += made
        verdicts += said
    active = [each.began_at for each in opt_ins if each.reason is None]
    newest = max(active, default=None)
    leaving = None
    if last is not None:
        leaving = Leaving(last, newest is not None and newest > last, last_text)
    verdicts += [_of_stop(row, leaving, rows) for row in stop_rows]
    verdicts += [_without_keyword(row) for row in rows if row.role is KeywordRole.UNKNOWN and not _may_be_stop(row)]
    verdicts += [_of_start(row) for row in rows if row.role is KeywordRole.START]
    return NumberVerdict(opt_ins, leaving, _doubt(texts, active, last, newest, now), verdicts)


def _may_be_stop(row: HeldRow) -> bool:
    """An inactive row whose keyword nobody knows: that may be STOP."""
    return row.role is KeywordRole.UNKNOWN and row.active is not True


def _past(at: datetime | None, now: datetime) -> datetime:
    return now if at is None or at > now else at


def _of_keyword(
    rows: Sequence[HeldRow], texts: Sequence[TextSign], last: datetime | None, now: datetime
) -> tuple[list[MovedOptIn], list[RowVerdict]]:
    """Decide about the rows of one keyword, of which there is one as a rule; of several an inactive one counts."""
    first = min(rows, key=lambda row: (row.active is True, row.began_at or now, row.line))
    verdicts = [
        RowVerdict(row.line, MoveOutcome.LEFT_OUT, "Another row has the same number and keyword.")
        for row in rows
        if row is not first
    ]
    made, verdict = _ended(first, last, now) if first.active is not True else _active(first, texts, last, now)
    if made is not None and made.reason is None and not first.linked:
        sentence = "It is linked to nobody: the contact or lead is not in the export, or has another number."
        verdict = RowVerdict(first.line, MoveOutcome.CONFLICT, " ".join(filter(None, (verdict.sentence, sentence))))
    return ([made] if made else []), [verdict, *verdicts]


def _active(
    row: HeldRow, texts: Sequence[TextSign], last: datetime | None, now: datetime
) -> tuple[MovedOptIn | None, RowVerdict]:
    began = row.began_at
    if began is None:
        return None, RowVerdict(row.line, MoveOutcome.LEFT_OUT, "It is active and has no date: nobody could show it.")
    if began > now:
        made = MovedOptIn(row, now, now, EndReason.MIGRATED_INACTIVE)
        return made, RowVerdict(row.line, MoveOutcome.CONFLICT, "Its date lies in the future: it is moved as inactive.")
    if row.opted_out_at is not None and row.opted_out_at >= began:
        made = MovedOptIn(row, began, _past(row.opted_out_at, now), EndReason.MIGRATED_INACTIVE)
        said = "It is active, and has an opt-out that is not older: it is moved as inactive."
        return made, RowVerdict(row.line, MoveOutcome.CONFLICT, said)
    ends = [last] if last is not None else []
    ends += [_past(text.at, now) for text in texts if _ends_keyword(text, row)]
    left = max(ends, default=None)
    if left is not None and left >= began:
        said = "It is active, and a STOP of the number is not older: it is moved as inactive."
        made = MovedOptIn(row, began, left, EndReason.OPTED_OUT)
        return made, RowVerdict(row.line, MoveOutcome.CONFLICT, said)
    if left is None:
        return MovedOptIn(row, began), RowVerdict(row.line, MoveOutcome.MOVED)
    made = MovedOptIn(row, began, note=f"{NO_HISTORY} {MAY_BE_BLOCKED}")
    if began - left <= AT_ONCE:
        said = "It follows a STOP within a minute: it is on hold until somebody decides in Review."
        return made, RowVerdict(row.line, MoveOutcome.CONFLICT, said)
    return made, RowVerdict(row.line, MoveOutcome.CONFLICT, MAY_BE_BLOCKED)


def _ends_keyword(text: TextSign, row: HeldRow) -> bool:
    return text.meaning is SignMeaning.ONE_KEYWORD and text.keyword == normalise(row.word)


def _ended(row: HeldRow, last: datetime | None, now: datetime) -> tuple[MovedOptIn, RowVerdict]:
    """An inactive row: the person left if a STOP is as new as its end; else nobody knows who ended it.

    Without the date of its end it ended today.
    """
    ended = _past(row.left_at, now)
    began = min(row.began_at or ended, ended)
    by_stop = last is not None and last >= ended
    reason = EndReason.OPTED_OUT if by_stop else EndReason.MIGRATED_INACTIVE
    made = MovedOptIn(row, began, ended, reason)
    if row.active is None:
        said = "Nothing says whether it is active: it is moved as inactive."
        return made, RowVerdict(row.line, MoveOutcome.CONFLICT, said)
    return made, RowVerdict(row.line, MoveOutcome.MOVED)


def _of_stop(row: HeldRow, leaving: Leaving | None, rows: Iterable[HeldRow]) -> RowVerdict:
    if row.role is KeywordRole.UNKNOWN:
        said = "Its keyword is not in the export and may be STOP: it counts as an opt-out."
        return RowVerdict(row.line, MoveOutcome.CONFLICT, said)
    if row.left_at is None:
        said = "It has no date: it counts as an opt-out of today."
        return RowVerdict(row.line, MoveOutcome.CONFLICT, said)
    if row.active is True:
        said = "It is a STOP that is active: it counts as an opt-out all the same."
        return RowVerdict(row.line, MoveOutcome.CONFLICT, said)
    starts = [each.began_at for each in rows if each.role is KeywordRole.START and each.active is True]
    if leaving and not leaving.is_over and any(at is not None and at > leaving.at for at in starts):
        said = "There is a START after it. They stay opted out until they text START or a keyword to Optin."
        return RowVerdict(row.line, MoveOutcome.CONFLICT, said)
    return RowVerdict(row.line, MoveOutcome.MOVED)


def _without_keyword(row: HeldRow) -> RowVerdict:
    said = "Its keyword is not in the export: nobody can tell what was agreed to."
    return RowVerdict(row.line, MoveOutcome.LEFT_OUT, said)


def _of_start(row: HeldRow) -> RowVerdict:
    return RowVerdict(row.line, MoveOutcome.LEFT_OUT, "START is no opt-in to a keyword.")


def _doubt(
    texts: Iterable[TextSign],
    active: Sequence[datetime],
    last: datetime | None,
    newest: datetime | None,
    now: datetime,
) -> Doubt | None:
    """Return what a person must decide: the newest text in doubt that nothing later answers, or a keyword too soon."""
    doubts = [(_past(text.at, now), text) for text in texts if text.meaning is SignMeaning.DOUBT]
    answered = max((moment for moment in (last, newest) if moment is not None), default=None)
    at, text = max(doubts, key=lambda doubt: doubt[0], default=(None, None))
    if at is not None and (answered is None or at >= answered):
        return Doubt(at, text)
    if last is not None and any(timedelta() < began - last <= AT_ONCE for began in active):
        return Doubt(last)
    return None

"""Where a number stands with us, in one pill: the strongest fact wins. A few statements serve a whole list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from optin.models import Hold, Keyword, OptIn, ProviderBlock, Sender, Suppression
from optin.terms import OptInStatus

AT_ONCE = 500


class Kind(StrEnum):
    """What decides a standing; the order of the members is the order of strength."""

    OPTED_OUT = "opted_out"
    ON_HOLD = "on_hold"
    IN_BUT_BLOCKED = "in_but_blocked"
    OPTED_IN = "opted_in"
    PENDING = "pending"
    BLOCKED = "blocked"
    NONE = "none"


@dataclass(frozen=True)
class Standing:
    """A number's standing: the words and the tone (ok, warn, bad, off) of its pill, and what decided it."""

    label: str
    tone: str
    kind: Kind


NO_OPT_IN = Standing("No opt-in", "off", Kind.NONE)
_FIXED = {
    Kind.OPTED_OUT: Standing("Opted out", "bad", Kind.OPTED_OUT),
    Kind.ON_HOLD: Standing("On hold", "warn", Kind.ON_HOLD),
    Kind.IN_BUT_BLOCKED: Standing(
        "Opted in again, blocked at Twilio until they text START", "warn", Kind.IN_BUT_BLOCKED
    ),
    Kind.PENDING: Standing("Waiting for confirmation", "warn", Kind.PENDING),
    Kind.BLOCKED: Standing("Blocked at Twilio", "bad", Kind.BLOCKED),
}


def of_numbers(session: Session, numbers: Iterable[str | None]) -> dict[str, Standing]:
    """Return the standing of each number (E.164 or as received); a missing number (None) is left out.

    Four statements for every 500 numbers. A block counts when it is of any of our senders that are in use.
    """
    wanted = sorted({number for number in numbers if number})
    found: dict[str, Standing] = {}
    for start in range(0, len(wanted), AT_ONCE):
        found |= _of_some(session, wanted[start : start + AT_ONCE])
    return found


def of_number(session: Session, number: str | None) -> Standing:
    """Return the standing of one number; no number at all has no opt-in."""
    return of_numbers(session, [number]).get(number or "", NO_OPT_IN)


def _of_some(session: Session, numbers: Sequence[str]) -> dict[str, Standing]:
    stopped = _kinds(session, numbers)
    active: dict[str, list[str]] = {}
    pending: set[str] = set()
    for number, status, word in session.execute(_live(numbers)):
        if status == OptInStatus.ACTIVE:
            active.setdefault(number, []).append(word)
        else:
            pending.add(number)
    return {
        number: _standing(stopped.get(number, set()), active.get(number, []), number in pending) for number in numbers
    }


def _kinds(session: Session, numbers: Sequence[str]) -> Mapping[str, set[Kind]]:
    """Return what stands against each number, apart from its opt-ins."""
    sources: list[tuple[Kind, Select[str]]] = [
        (Kind.OPTED_OUT, select(Suppression.number).where(Suppression.ended_at.is_(None))),
        (Kind.ON_HOLD, select(Hold.number).where(Hold.ended_at.is_(None))),
        (Kind.BLOCKED, _blocked()),
    ]
    found: dict[str, set[Kind]] = {}
    for kind, query in sources:
        column = query.selected_columns[0]
        for number in session.scalars(query.where(column.in_(numbers))):
            found.setdefault(number, set()).add(kind)
    return found


def _blocked() -> Select[str]:
    """Select the numbers that Twilio blocks for a sender that can send; a retired sender's block hinders nobody."""
    scopes = select(Sender.address).where(Sender.retired_at.is_(None))
    services = select(Sender.messaging_service_sid).where(
        Sender.retired_at.is_(None), Sender.messaging_service_sid.is_not(None)
    )
    return select(ProviderBlock.number).where(
        ProviderBlock.ended_at.is_(None), ProviderBlock.scope.in_(scopes) | ProviderBlock.scope.in_(services)
    )


def _live(numbers: Sequence[str]) -> Select[str, str, str]:
    return (
        select(OptIn.number, OptIn.status, Keyword.word)
        .join(Keyword, Keyword.id == OptIn.keyword_id)
        .where(OptIn.number.in_(numbers), OptIn.status.in_((OptInStatus.ACTIVE, OptInStatus.PENDING)))
        .order_by(OptIn.id)
    )


def _standing(stopped: set[Kind], keywords: Sequence[str], pending: bool) -> Standing:
    for kind in (Kind.OPTED_OUT, Kind.ON_HOLD):
        if kind in stopped:
            return _FIXED[kind]
    if keywords:
        if Kind.BLOCKED in stopped:
            return _FIXED[Kind.IN_BUT_BLOCKED]
        return Standing(f"Opted in with {', '.join(keywords)}", "ok", Kind.OPTED_IN)
    if pending:
        return _FIXED[Kind.PENDING]
    return _FIXED[Kind.BLOCKED] if Kind.BLOCKED in stopped else NO_OPT_IN

"""The consent status of a number, in the same words on every page: our record, and beside it the block at Twilio."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, cast, literal, null, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from optin.database.session import UTCDateTime
from optin.enums import OptInStatus
from optin.models import Hold, Keyword, NumberLoss, OptIn, ProviderBlock, Sender, Suppression
from optin.models.index_conditions import has_not_ended

AT_ONCE = 500


class StatusKind(StrEnum):
    """What decides our side; the order of the members is the order of strength."""

    OPTED_OUT = "opted_out"
    LOST = "lost"
    ON_HOLD = "on_hold"
    OPTED_IN = "opted_in"
    PENDING = "pending"
    NONE = "none"


@dataclass(frozen=True)
class ConsentStatus:
    """Where a number stands: the words and the tone (ok, warn, bad, off) of our consent, and what decided it.

    `blocked`: Twilio refuses to send to it from one of our senders. That is a door of its own: a keyword opens ours,
    only START opens theirs, so the two are told side by side.
    """

    label: str
    tone: str
    kind: StatusKind
    blocked: bool = False

    @property
    def badges(self) -> list[tuple[str, str]]:
        """Return the pills, each as words and tone."""
        return [(self.label, self.tone), *([BLOCKED] if self.blocked else [])]

    @property
    def text(self) -> str:
        """Return the words of all pills, for files."""
        return ", ".join(words for words, _ in self.badges)


BLOCKED = ("Blocked at Twilio", "bad")
NO_OPT_IN = ConsentStatus("No opt-in", "off", StatusKind.NONE)
_OPTED_OUT = ConsentStatus("Opted out", "bad", StatusKind.OPTED_OUT)
_ON_HOLD = ConsentStatus("On hold", "warn", StatusKind.ON_HOLD)
_PENDING = ConsentStatus("Waiting for confirmation", "warn", StatusKind.PENDING)
_FACT_BLOCKED = "blocked"
_NEVER: ColumnElement[datetime | None] = cast(null(), UTCDateTime())


def of_numbers(session: Session, numbers: Iterable[str | None]) -> dict[str, ConsentStatus]:
    """Return the standing of each number (E.164 or as received); a missing number (None) is left out.

    One statement for every 500 numbers. A block counts when it is of any of our senders that are in use.
    """
    wanted = sorted({number for number in numbers if number})
    found: dict[str, ConsentStatus] = {}
    for start in range(0, len(wanted), AT_ONCE):
        found |= _of_some(session, wanted[start : start + AT_ONCE])
    return found


def of_number(session: Session, number: str | None) -> ConsentStatus:
    """Return the standing of one number; no number at all has no opt-in."""
    return of_numbers(session, [number]).get(number or "", NO_OPT_IN)


def _of_some(session: Session, numbers: Sequence[str]) -> dict[str, ConsentStatus]:
    stopped: dict[str, set[str]] = {}
    active: dict[str, list[str]] = {}
    gone: dict[str, datetime] = {}
    for number, fact, word, _, since in session.execute(_facts(numbers)):
        if fact == StatusKind.LOST and since is not None:
            gone[number] = since
        elif fact == OptInStatus.ACTIVE:
            active.setdefault(number, []).append(word)
        else:
            stopped.setdefault(number, set()).add(fact)
    return {
        number: _standing(stopped.get(number, set()), active.get(number, []), gone.get(number)) for number in numbers
    }


def _facts(numbers: Sequence[str]) -> Select[str, str, str, int, datetime | None]:
    """Select (number, fact, keyword, opt-in id, since) for all that is open about the numbers, each by its index.

    `since` is told of a number that is not in use only.
    """
    stops = [
        _stop(Suppression.number, StatusKind.OPTED_OUT).where(
            Suppression.number.in_(numbers), has_not_ended(Suppression)
        ),
        _stop(NumberLoss.number, StatusKind.LOST, NumberLoss.started_at).where(
            NumberLoss.number.in_(numbers), has_not_ended(NumberLoss)
        ),
        _stop(Hold.number, StatusKind.ON_HOLD).where(Hold.number.in_(numbers), has_not_ended(Hold)),
        _stop(ProviderBlock.number, _FACT_BLOCKED).where(ProviderBlock.number.in_(numbers), hinders()),
    ]
    live = (
        select(OptIn.number, OptIn.status, Keyword.word, OptIn.id, _NEVER)
        .join(Keyword, Keyword.id == OptIn.keyword_id)
        .where(OptIn.number.in_(numbers), OptIn.status.in_((OptInStatus.ACTIVE, OptInStatus.PENDING)))
    )
    facts = union_all(*stops, live).subquery()
    return select(facts).order_by(facts.c.id)


def _stop(
    number: InstrumentedAttribute[str], fact: str, since: SQLColumnExpression[datetime | None] | None = None
) -> Select[str, str, str, int, datetime | None]:
    return select(
        number.label("number"),
        literal(str(fact)).label("fact"),
        literal("").label("word"),
        literal(0).label("id"),
        (_NEVER if since is None else since).label("since"),
    )


def hinders() -> ColumnElement[bool]:
    """The block is open and of a sender that can send; a retired sender's block hinders nobody."""
    scopes = select(Sender.address).where(Sender.retired_at.is_(None))
    services = select(Sender.messaging_service_sid).where(
        Sender.retired_at.is_(None), Sender.messaging_service_sid.is_not(None)
    )
    return and_(has_not_ended(ProviderBlock), ProviderBlock.scope.in_(union_all(scopes, services)))


def _standing(facts: set[str], keywords: Sequence[str], gone: datetime | None) -> ConsentStatus:
    if StatusKind.OPTED_OUT in facts:
        ours = _OPTED_OUT
    elif gone is not None:
        ours = ConsentStatus(f"Not in use since {gone.day} {gone:%b %Y}", "bad", StatusKind.LOST)
    elif StatusKind.ON_HOLD in facts:
        ours = _ON_HOLD
    elif keywords:
        ours = ConsentStatus(f"Opted in with {', '.join(keywords)}", "ok", StatusKind.OPTED_IN)
    else:
        ours = _PENDING if OptInStatus.PENDING in facts else NO_OPT_IN
    return replace(ours, blocked=_FACT_BLOCKED in facts)

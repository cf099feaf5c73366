"""What the pages of opt-outs that were read from a phrase show: the last ten days of them, and one with its words."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from optin import clock
from optin.consent import consent_status, ledger
from optin.consent.consent_status import ConsentStatus
from optin.consent.ledger import CORRECT_WITHIN, Correction
from optin.enums import EndReason, ReplyKind
from optin.features.review.records import marked
from optin.models import Message, OptIn, Person, PhraseOptOut
from optin.phone import spellings
from optin.queries import paging, people_of_numbers
from optin.queries.paging import Page

DAY = timedelta(days=1)


@dataclass(frozen=True)
class OptOutLine:
    """An opt-out in the list: who has the number, where it stands now, the text before, at and after the phrase.

    `days_left` to correct it, begun ones counted.
    """

    opt_out: PhraseOptOut
    people: list[Person]
    number_status: ConsentStatus
    parts: tuple[str, str, str]
    days_left: int


@dataclass(frozen=True)
class OptOutDetails:
    """An opt-out with all that helps to decide.

    `texts` are (when it came, its parts) of what is corrected together, oldest first; `opt_ins` stand again then;
    `told` is our confirmation that went to the person, "" where Twilio or nobody answered.
    """

    opt_out: PhraseOptOut
    people: list[Person]
    number_status: ConsentStatus
    correction: Correction
    texts: list[tuple[datetime, tuple[str, str, str]]]
    opt_ins: Sequence[OptIn]
    told: str

    @property
    def until(self) -> datetime:
        """Return until when it can be corrected."""
        return self.opt_out.at + CORRECT_WITHIN


def recent(session: Session, token: str | None) -> tuple[list[OptOutLine], Page[PhraseOptOut]]:
    """Fetch a page of the opt-outs of the last ten days, newest first."""
    now = clock.now()
    found = select(PhraseOptOut).where(PhraseOptOut.at > now - CORRECT_WITHIN)
    loaded = found.options(joinedload(PhraseOptOut.message), joinedload(PhraseOptOut.corrected_by))
    page = paging.read_page(session, loaded, [PhraseOptOut.at, PhraseOptOut.id], token, descending=True)
    numbers = [row.number for row in page.rows]
    having, stands = people_of_numbers.of_numbers(session, numbers), consent_status.of_numbers(session, numbers)
    lines = [
        OptOutLine(
            opt_out=row,
            people=having.get(row.number, []),
            number_status=stands[row.number],
            parts=_parts(row),
            days_left=-((now - row.at - CORRECT_WITHIN) // DAY),
        )
        for row in page.rows
    ]
    return lines, page


def shown(session: Session, opt_out: PhraseOptOut) -> OptOutDetails:
    """Look up one opt-out, and what a correction would do now."""
    correction = ledger.correction(session, opt_out, clock.now())
    together = correction.opt_outs or [opt_out]
    return OptOutDetails(
        opt_out=opt_out,
        people=people_of_numbers.of_numbers(session, [opt_out.number]).get(opt_out.number, []),
        number_status=consent_status.of_number(session, opt_out.number),
        correction=correction,
        texts=[(each.when, _parts(each)) for each in together],
        opt_ins=_ended_by(session, opt_out.number, [str(each.message.sid) for each in together]),
        told=_told(session, opt_out.number, [each.message_id for each in together]),
    )


def _parts(opt_out: PhraseOptOut) -> tuple[str, str, str]:
    return marked(opt_out.message.body, opt_out.phrase)


def _ended_by(session: Session, number: str, sids: Collection[str]) -> Sequence[OptIn]:
    """List the opt-ins of the phone, in all spellings of its number, that texts ended."""
    spelt = (number, *spellings.others(number))
    given = (OptIn.number.in_(spelt), OptIn.end_message_sid.in_(sids), OptIn.end_reason == EndReason.OPTED_OUT)
    return session.scalars(select(OptIn).where(*given).order_by(OptIn.id).options(joinedload(OptIn.keyword))).all()


def _told(session: Session, number: str, message_ids: Collection[int]) -> str:
    """Return our confirmation that answered one of the texts and went out."""
    answers = (Message.in_reply_to_id.in_(message_ids), Message.reply_kind == ReplyKind.OPT_OUT)
    went = (Message.number == number, Message.sent_at.is_not(None), *answers)
    return session.scalar(select(Message.body).where(*went).order_by(Message.id.desc()).limit(1)) or ""

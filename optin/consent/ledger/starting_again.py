"""Allowing texts again: START, and a YES that Twilio takes for it, end the suppression."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act
from optin.consent.ledger.holds_and_blocks import end_other_spellings, resolve_hold
from optin.consent.ledger.lost_numbers import was_lost_since
from optin.consent.ledger.number_lock import lock_number
from optin.consent.ledger.opting_in import link, live_opt_in
from optin.enums import EndReason, EventKind, HoldResolution, OptInSource, OptInStatus
from optin.models import OptIn, Person, Suppression
from optin.models.index_conditions import has_not_ended


def start(session: Session, number: str, act: Act, *, restore: bool = False) -> bool:
    """End the suppression; tell whether there was one that is older than this. Opt-ins stay ended unless `restore`.

    Who was stopped by another channel comes back by that one.
    """
    lock_number(session, number)
    ended_since = _end_suppression(session, number, act)
    resolve_hold(session, number, HoldResolution.START, act)
    events.write(session, EventKind.STARTED, number, act, detail="suppression ended" if ended_since else "")
    if ended_since and restore:
        _restore(session, number, ended_since, act)
    return ended_since is not None


def allow_by_yes(session: Session, number: str, act: Act, *, restore: bool = False) -> bool:
    """End the suppression, as START does, by a YES that Twilio takes for START; tell whether there was one.

    Most often a YES answers somebody: it ends no hold, and where there was no suppression it leaves no event.
    """
    lock_number(session, number)
    ended_since = _end_suppression(session, number, act)
    if ended_since is None:
        return False
    events.write(session, EventKind.SUPPRESSION_ENDED, number, act, detail="by YES")
    if restore:
        _restore(session, number, ended_since, act)
    return True


def _end_suppression(session: Session, number: str, act: Act) -> datetime | None:
    """End the suppression that is older than the act, under every spelling of the number.

    Return since when it was there, None if there was none.
    """
    end_other_spellings(session, number, act)
    return session.scalars(
        update(Suppression)
        .where(
            Suppression.number == number,
            Suppression.channel == act.channel,
            has_not_ended(Suppression),
            Suppression.asked_at < act.when,
        )
        .values(ended_at=act.when)
        .returning(Suppression.started_at)
    ).first()


def _restore(session: Session, number: str, since: datetime, act: Act) -> None:
    """Give back, as new opt-ins, what the suppression that began at `since` had ended (a setting, off by default).

    Not if the number was lost since: who texts from it now may be somebody else.
    """
    if was_lost_since(session, number, since):
        return
    mine = (OptIn.number == number, OptIn.channel == act.channel)
    ended = session.scalars(
        select(OptIn).where(*mine, OptIn.end_reason == EndReason.OPTED_OUT, OptIn.ended_at == since)
    ).all()
    for old in ended:
        if live_opt_in(session, number, old.keyword_id, act) is not None or old.activated_at is None:
            continue
        new = OptIn(
            channel=old.channel,
            number=number,
            keyword_id=old.keyword_id,
            status=OptInStatus.ACTIVE,
            source=OptInSource.SMS,
            text=act.text,
            message_id=act.message_id,
            message_sid=act.message_sid,
            sender_id=act.sender_id,
            disclosure_id=old.disclosure_id,
            requested_at=act.when,
            activated_at=act.when,
        )
        session.add(new)
        session.flush()
        link(session, Person.mobile == number, OptIn.id == new.id, act.at)
        events.write(session, EventKind.RESTORED, number, act, keyword_id=new.keyword_id, opt_in_id=new.id)

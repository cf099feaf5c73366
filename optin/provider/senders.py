"""Our own addresses: finding one, and learning one that Twilio shows us. We send from those of SMS only."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.channels import addresses
from optin.database.statements import insert
from optin.enums import Channel, SenderKind
from optin.models import Sender

NONE_YET = "There is no number to send from yet. Ask an admin to add one under Settings › Twilio."
TOLL_FREE = re.compile(r"^\+1(800|833|844|855|866|877|888)\d{7}$")


def kind_of(address: str) -> SenderKind:
    """Guess the kind of an address (E.164, short code, Messaging Service SID, channel address) from its form."""
    channel = addresses.channel_of(address)
    if channel is not Channel.SMS:
        return SenderKind.RCS if channel is Channel.RCS else SenderKind.ELSEWHERE
    if address.startswith("MG"):
        return SenderKind.SERVICE
    if TOLL_FREE.match(address):
        return SenderKind.TOLL_FREE
    return SenderKind.LONG_CODE if address.startswith("+") else SenderKind.SHORT_CODE


def ensure(session: Session, address: str, messaging_service_sid: str | None = None) -> Sender:
    """Return the sender with this address; one that Twilio named in a signed request is ours and is made here."""
    find = select(Sender).where(Sender.address == address)
    sender = session.scalars(find).first()
    if sender is None:
        session.execute(
            insert(Sender)
            .values(
                channel=addresses.channel_of(address),
                address=address,
                kind=kind_of(address),
                messaging_service_sid=messaging_service_sid,
                advanced_opt_out=False,
                created_at=clock.now(),
            )
            .on_conflict_do_nothing(index_elements=["address"])
        )
        sender = session.scalars(find).one()
    if messaging_service_sid and sender.messaging_service_sid != messaging_service_sid:
        sender.messaging_service_sid = messaging_service_sid  # it joined: Twilio's blocks are the service's from now on
        session.flush()
    return sender


def in_use(session: Session) -> list[Sender]:
    """List the senders that can send, the first made first: it is the default."""
    usable = (Sender.retired_at.is_(None), Sender.channel == Channel.SMS)
    return list(session.scalars(select(Sender).where(*usable).order_by(Sender.id)))

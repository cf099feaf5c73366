"""Our own addresses: finding one, and learning one that Twilio shows us. Each belongs to a channel."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import channels, clock
from optin.channels.address import parse, without_channel
from optin.database.statements import insert
from optin.enums import Channel, SenderKind
from optin.models import Sender

NONE_YET = "There is no number to send from yet. Ask an admin to add one under Settings › Twilio."


def kind_of(address: str) -> SenderKind:
    """Guess the kind of an address (E.164, short code, Messaging Service SID, channel address) from its form."""
    return channels.rules_of(parse(address).channel).kind_of(without_channel(address))


def ensure(session: Session, address: str, messaging_service_sid: str | None = None) -> Sender:
    """Return the sender with this address; one that Twilio named in a signed request is ours and is made here."""
    find = select(Sender).where(Sender.address == address)
    sender = session.scalars(find).first()
    if sender is None:
        session.execute(
            insert(Sender)
            .values(
                channel=parse(address).channel,
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


def in_use(session: Session, channel: Channel = Channel.SMS) -> list[Sender]:
    """List the senders that can send by a channel, the first made first: it is the default."""
    return [sender for sender in all_in_use(session) if sender.channel == channel]


def all_in_use(session: Session) -> list[Sender]:
    """List the senders that can send, by whichever channel, the first made first."""
    usable = (Sender.retired_at.is_(None), Sender.channel.in_(channels.sending()))
    return list(session.scalars(select(Sender).where(*usable).order_by(Sender.id)))


def choose(usable: Sequence[Sender], sender_id: int | None) -> Sender | None:
    """Return the sender with an id if it is among those, else the first; None when there is none at all."""
    return next((sender for sender in usable if sender.id == sender_id), usable[0] if usable else None)

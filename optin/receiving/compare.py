"""One window of Twilio's message list, compared with what we have: texts are taken in, sends settled, statuses kept."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Engine, select

from optin import channels, phone
from optin.channels import address
from optin.channels.address import Address
from optin.database.transactions import reading, writing
from optin.enums import Direction, MessageStatus, SenderKind
from optin.models import Message, Sender
from optin.provider import statuses
from optin.provider.gateway import Gateway, ListedMessage
from optin.receiving import inbound
from optin.receiving.inbound import InboundText
from optin.sending import status_callbacks, unknown_outcomes
from optin.sending.unknown_outcomes import ComparisonReport

BATCH = 500
TAKEN_IN = ("received", "receiving")


@dataclass(frozen=True)
class _Ours:
    """Our addresses and Messaging Services; other numbers of the account belong to others."""

    addresses: frozenset[str]
    services: frozenset[str]

    def received(self, text: ListedMessage) -> bool:
        """Tell whether a text was meant for us, by whatever channel; the status of others says that Twilio never
        delivered them."""
        to = address.our_address(text.address)
        known = to in self.addresses or address.without_channel(to) in self.addresses
        mine = known or text.messaging_service_sid in self.services
        return text.inbound and mine and text.status in TAKEN_IN


def compare(
    engine: Engine,
    gateway: Gateway,
    begin: datetime,
    end: datetime | None,
    *,
    everything: bool,
    report: ComparisonReport,
) -> None:
    """Compare the messages between two moments (None: up to now); `everything` compares what we sent as well.

    Only texts to us are listed per sender; a Messaging Service has addresses that we may not know, so that then the
    list of all messages is read.
    """
    with reading(engine) as session:
        senders = session.scalars(select(Sender)).all()
    services = {each.messaging_service_sid for each in senders if each.messaging_service_sid}
    services |= {each.address for each in senders if each.kind == SenderKind.SERVICE}
    ours = _Ours(frozenset(each.address for each in senders), frozenset(services))
    whole = everything or services or any(address.is_cut(each) for each in ours.addresses)
    to: Sequence[str | None] = [None] if whole else _listed_of(ours.addresses)
    missing: list[ListedMessage] = []
    for each in to:
        for batch in _batches(gateway.listed(to=each, sent_after=begin, sent_before=end)):
            report.read += len(batch)
            missing += _unknown_of(engine, batch, report)
    for text in sorted(missing, key=lambda text: text.at):
        if ours.received(text):
            report.texts += _take_in(engine, text)
        elif everything and not text.inbound:
            report.settled += unknown_outcomes.adopt(engine, text)


def _listed_of(addresses: Iterable[str]) -> list[str]:
    """Return what to ask the list for: our addresses, and our numbers by the channels that they may serve as well."""
    numbers = [each for each in addresses if phone.is_e164(each)]
    besides = {Address(channel, number).written for channel in channels.on_our_numbers() for number in numbers}
    return sorted({*addresses, *besides})


def _batches(found: Iterable[ListedMessage]) -> Iterator[list[ListedMessage]]:
    numbered = iter(found)
    while batch := list(islice(numbered, BATCH)):
        yield batch


def _unknown_of(engine: Engine, batch: list[ListedMessage], report: ComparisonReport) -> list[ListedMessage]:
    """Return the messages whose SIDs we do not know; the others get the status and the segments that Twilio says."""
    by_sid = {each.sid: each for each in batch}
    with writing(engine) as session:
        rows = session.execute(
            select(Message.sid, Message.status, Message.segments_told).where(Message.sid.in_(by_sid))
        )
        known = {str(sid): (status, told) for sid, status, told in rows}
        late = [sid for sid, (status, told) in known.items() if _news(by_sid[sid], status, told)]
        sent = select(Message).where(Message.sid.in_(late), Message.direction == Direction.OUTBOUND)
        for message in session.scalars(sent.order_by(Message.id).with_for_update()) if late else ():
            said = by_sid[message.sid or ""]
            message.segments_told = message.segments_told or said.segments or None
            if message.status not in statuses.FINAL:
                report.statuses += status_callbacks.apply(session, message, said.status, said.error_code, said.at)
    return [each for each in batch if each.sid not in known]


def _news(said: ListedMessage, status: str, told: int | None) -> bool:
    """Tell whether Twilio says a status that a message could be brought to, or segments that it had not told."""
    if not said.inbound and said.segments and told is None:
        return True
    new = statuses.from_twilio(said.status)
    return status not in statuses.FINAL and new is not None and new != MessageStatus(status)


def _take_in(engine: Engine, text: ListedMessage) -> bool:
    """Take in a text as its webhook would have, with Twilio's date; tell whether it was new."""
    with writing(engine) as session:
        received = inbound.receive(
            session,
            InboundText(
                sid=text.sid,
                number=text.number,
                address=text.address,
                body=text.body.replace("\0", ""),
                media_count=text.media_count,
                messaging_service_sid=text.messaging_service_sid,
                provider_at=text.at,
            ),
        )
    return received is not None

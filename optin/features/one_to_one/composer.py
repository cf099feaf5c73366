"""The composer of 1:1 SMS Messaging: to whom, from which sender, whether it is open, and why not."""

import zlib
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, joinedload

from optin import channels
from optin.consent import consent_status, refusal_sentences
from optin.consent.consent_status import ConsentStatus
from optin.consent.refusal_sentences import Refusal
from optin.consent.refusal_wording import Recipient, Teller
from optin.enums import Channel
from optin.models import Conversation, Person, Sender
from optin.policy.policy import Policy
from optin.provider import senders
from optin.sending import gate, queueing


@dataclass(frozen=True)
class Composer:
    """What the component shows beside the messages: whom it is for, whether it is open, and why not.

    `token` changes whenever anything shown does, `state` only when the composer opens, closes or says something else.
    """

    number: str | None
    person: Person | None
    conversation: Conversation | None
    sender: Sender | None
    number_status: ConsentStatus
    refusal: Refusal | None
    notice: str
    channel: Channel = Channel.SMS

    @property
    def state(self) -> str:
        """Return a short mark of what stands in place of, or beside, the composer."""
        address = self.sender.address if self.sender else ""
        said = [self.number, self.refusal, self.notice, self.number_status, address]
        return f"{zlib.crc32(repr(said).encode()):08x}"

    @property
    def token(self) -> str:
        """Return a mark of all that is shown, for the poll."""
        return f"{self.conversation.version if self.conversation else 0}.{self.state}"


def composer(
    session: Session,
    number: str | None,
    person: Person | None,
    policy: Policy,
    zone: ZoneInfo,
    channel: Channel = Channel.SMS,
    number_status: ConsentStatus | None = None,
) -> Composer:
    """Return the state of the component for a number; the server asks the same rule again when something is sent.

    `person` is whom the page is about; dates are told in `zone`. A conversation by a `channel` that we can't answer by
    is there to be read. Who knows the number's `number_status` gives it.
    """
    is_open, conversation = _conversation(session, number, channel)
    sender = _sender(session, conversation, channel)
    decision = queueing.decide_one_to_one(session, number, sender, policy)
    teller = Teller(session, Recipient(number, person, sender), policy, zone)
    refusal = refusal_sentences.refusal(teller, decision)
    if not channels.rules_of(channel).sends:
        refusal = refusal_sentences.by_another_channel(teller, channel)
    if refusal is None and sender is None:
        refusal = refusal_sentences.no_sender(teller)
    if refusal is None and not is_open and (shut := gate.why_closed(session)):
        refusal = refusal_sentences.sending_closed(teller, shut)
    notice = refusal_sentences.notice(teller, decision)
    number_status = number_status or consent_status.of_number(session, number)
    return Composer(number, person, conversation, sender, number_status, refusal, notice, channel)


def _conversation(session: Session, number: str | None, channel: Channel) -> tuple[bool, Conversation | None]:
    """Return whether the sending gate is open, and the conversation, if there is one."""
    gate_now = select(gate.is_open().label("is_open")).subquery()
    given = and_(Conversation.channel == channel, Conversation.number == number)
    both = select(gate_now.c.is_open, Conversation).outerjoin_from(gate_now, Conversation, given)
    is_open, conversation = session.execute(both.options(joinedload(Conversation.sender))).one()
    return is_open, conversation


def _sender(session: Session, conversation: Conversation | None, channel: Channel) -> Sender | None:
    """Return the sender that the person texted last if it can still send, else the first in use of the channel.

    Where the channel does not send there is one by SMS: the composer says what forbids that as well.
    """
    by = channel if channels.rules_of(channel).sends else Channel.SMS
    last = conversation.sender if conversation else None
    if last is not None and last.retired_at is None and last.channel == by:
        return last
    return next(iter(senders.in_use(session, by)), None)

"""The 1:1 SMS Messaging component: one state and one way to send, for the record page and the inbox alike."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, joinedload

from optin import clock
from optin.consent import consent_status, refusal_sentences
from optin.consent.consent_status import ConsentStatus
from optin.consent.refusal_sentences import Refusal
from optin.consent.refusal_wording import Recipient, Teller
from optin.consent.rules import Decision
from optin.enums import Channel
from optin.features.one_to_one import handling, threads
from optin.features.one_to_one.stamps import stamp
from optin.features.one_to_one.threads import ThreadRow
from optin.models import Conversation, Message, Person, Sender
from optin.policy.policy import Policy
from optin.provider import senders
from optin.queries import message_templates
from optin.sending import gate, queueing
from optin.sending.delivery import person_fields
from optin.texts import merge_fields, segments
from optin.texts.segments import Segments


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


@dataclass(frozen=True)
class Draft:
    """What somebody typed. `problem` says what keeps the text from going.

    `form_key` is of the form that was sent, `number` the one that its page showed ("" when it said none).
    """

    body: str = ""
    form_key: str = ""
    number: str = ""
    problem: str = ""


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
    sender = _sender(session, conversation)
    decision = queueing.decide_one_to_one(session, number, sender, policy)
    teller = Teller(session, Recipient(number, person, sender), policy, zone)
    refusal = refusal_sentences.refusal(teller, decision)
    if channel is not Channel.SMS:
        refusal = refusal_sentences.by_another_channel(teller, channel)
    if refusal is None and sender is None:
        refusal = refusal_sentences.no_sender(teller)
    if refusal is None and not is_open and (shut := gate.closure(session)):
        refusal = refusal_sentences.sending_closed(teller, shut.sentence)
    notice = refusal_sentences.notice(teller, decision)
    number_status = number_status or consent_status.of_number(session, number)
    return Composer(number, person, conversation, sender, number_status, refusal, notice)


def thread_page(
    session: Session,
    to: Composer,
    zone: ZoneInfo,
    urls: Mapping[str, str],
    *,
    draft: Draft | None = None,
    before: int | None = None,
    events: Sequence[ThreadRow] = (),
) -> dict[str, object]:
    """Return what templates/one_to_one/_one_to_one.html needs.

    `urls` are the addresses of send, poll, count and page; `before` a message id whose older ones are asked for, and
    `events` happened besides the messages.
    """
    conversation_id = to.conversation.id if to.conversation else None
    thread = threads.load(session, conversation_id, before=before)
    return {
        "chat": to,
        "thread": threads.with_events(thread, [*events, *handling.events(session, conversation_id)]),
        "urls": urls,
        "draft": draft or new_draft(),
        "before": before,
        "saved": message_templates.listed(session),
        "stamp": partial(stamp, zone=zone, now=clock.now()),
    }


def thread_news(session: Session, to: Composer, shown: str, last_id: int) -> dict[str, object] | None:
    """Return what the poll's answer says besides the messages, None while `shown`, the page's token, is still true.

    `last_id` is the newest message of the page: what came in since is read out.
    """
    if shown == to.token:
        return None
    heard = threads.news(session, to.conversation.id, last_id) if to.conversation else ""
    return {"state_shown": shown.partition(".")[2], "news": heard}


def new_draft(body: str = "", problem: str = "") -> Draft:
    """Return a draft with a form key of its own, so that a form that is sent twice is one message."""
    return Draft(body, str(uuid4()), problem=problem)


def with_template(session: Session, draft: Draft, template_id: int | None) -> Draft:
    """Return the draft with a template behind what was typed."""
    return new_draft(message_templates.inserted(session, draft.body, template_id))


def send(session: Session, to: Composer, draft: Draft, policy: Policy, author_id: int) -> Message | Draft:
    """Put a 1:1 message into the outbox; a refused one comes back as the draft to show again. Does not commit.

    Merge fields are filled in from the person's record. The same form sent twice is one message; with another text it
    is shown again, because the browser went back to a form that was used.
    """
    text = draft.body.replace("\r\n", "\n").replace("\0", "").strip()
    problem = "" if to.refusal else _problem(text, to.person, policy)
    if draft.number and draft.number != to.number:
        problem = (
            "The number has changed since this page was loaded, so nothing was sent. Check it and press Send again."
        )
    if to.refusal or to.sender is None or problem:
        return new_draft(draft.body, problem)
    body = filled(text, to.person, policy)
    queued = queueing.queue_one_to_one(
        session,
        number=to.number,
        body=body,
        sender=to.sender,
        policy=policy,
        author_id=author_id,
        form_key=_key(draft.form_key),
        person_id=to.person.id if to.person else None,
    )
    if not isinstance(queued, Message):
        return new_draft(draft.body, _in_a_word(queued.decision))
    if (queued.body, queued.number, queued.author_id) != (body, to.number, author_id):
        return new_draft(draft.body, "This form was already sent. Press Send to send this text as well.")
    return queued


def filled(text: str, person: Person | None, policy: Policy) -> str:
    """Return the text with its merge fields filled in for a person (None: nobody is known to have the number)."""
    return merge_fields.render(text, person_fields(person, policy.brand)).strip()


def measured(text: str, person: Person | None, policy: Policy) -> Segments:
    """Count the segments of a text as it would be sent to the person."""
    return segments.count(filled(text.replace("\r\n", "\n"), person, policy))


def _conversation(session: Session, number: str | None, channel: Channel) -> tuple[bool, Conversation | None]:
    """Return whether the sending gate is open, and the conversation, if there is one."""
    gate_now = select(gate.is_open().label("is_open")).subquery()
    given = and_(Conversation.channel == channel, Conversation.number == number)
    both = select(gate_now.c.is_open, Conversation).outerjoin_from(gate_now, Conversation, given)
    is_open, conversation = session.execute(both.options(joinedload(Conversation.sender))).one()
    return is_open, conversation


def _sender(session: Session, conversation: Conversation | None) -> Sender | None:
    """Return the sender that the person texted last if it can still send, else the first in use."""
    last = conversation.sender if conversation else None
    if last is not None and last.retired_at is None and last.channel == Channel.SMS:
        return last
    return next(iter(senders.in_use(session)), None)


def _problem(text: str, person: Person | None, policy: Policy) -> str:
    """Say what is wrong with a text, "" for nothing."""
    if not text:
        return "Write a message first."
    found = merge_fields.problems(text)
    if found:
        return " ".join(found)
    body = filled(text, person, policy)
    if not body:
        return "With its merge fields filled in, this message is empty."
    return "This text is longer than 1,600 characters. Shorten it." if segments.count(body).too_long else ""


def _key(given: str) -> str:
    """Return the form's key, or a new one where it is missing or no UUID."""
    try:
        return str(UUID(given))
    except ValueError:
        return str(uuid4())


def _in_a_word(decision: Decision) -> str:
    return f"Not sent: {decision.reason.label}." if decision.reason else "Not sent."

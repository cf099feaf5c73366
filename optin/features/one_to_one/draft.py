"""What somebody types into the composer of 1:1 SMS Messaging, and sending it."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from optin import channels
from optin.enums import Channel
from optin.features.one_to_one.composer import Composer
from optin.models import Message, Person
from optin.policy.policy import Policy
from optin.queries import message_templates
from optin.sending import queueing
from optin.sending.delivery import person_fields
from optin.texts import merge_fields
from optin.texts.segments import Segments


@dataclass(frozen=True)
class Draft:
    """What somebody typed. `problem` says what keeps the text from going.

    `form_key` is of the form that was sent, `number` the one that its page showed ("" when it said none).
    """

    body: str = ""
    form_key: str = ""
    number: str = ""
    problem: str = ""


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
    problem = "" if to.refusal else _problem(text, to.person, policy, to.channel)
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
        return new_draft(draft.body, queued.sentence)
    if (queued.body, queued.number, queued.author_id) != (body, to.number, author_id):
        return new_draft(draft.body, "This form was already sent. Press Send to send this text as well.")
    return queued


def filled(text: str, person: Person | None, policy: Policy) -> str:
    """Return the text with its merge fields filled in for a person (None: nobody is known to have the number)."""
    return merge_fields.render(text, person_fields(person, policy.brand)).strip()


def measured(text: str, person: Person | None, policy: Policy, channel: Channel) -> Segments:
    """Count the segments of a text as it would be sent to the person by a channel."""
    return channels.rules_of(channel).measure(filled(text.replace("\r\n", "\n"), person, policy))


def _problem(text: str, person: Person | None, policy: Policy, channel: Channel) -> str:
    """Say what is wrong with a text, "" for nothing."""
    if not text:
        return "Write a message first."
    found = merge_fields.problems(text)
    if found:
        return " ".join(found)
    body = filled(text, person, policy)
    if not body:
        return "With its merge fields filled in, this message is empty."
    size = channels.rules_of(channel).measure(body)
    return f"This text is longer than {size.longest:,} characters. Shorten it." if size.too_long else ""


def _key(given: str) -> str:
    """Return the form's key, or a new one where it is missing or no UUID."""
    try:
        return str(UUID(given))
    except ValueError:
        return str(uuid4())

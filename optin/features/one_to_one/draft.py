"""What somebody types into the composer of 1:1 SMS Messaging, and sending it."""

from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from optin import channels
from optin.enums import Channel
from optin.features.one_to_one.composer import Composer
from optin.models import Message, Person
from optin.own_fields import merging
from optin.policy.policy import Policy
from optin.provider import senders
from optin.queries import message_templates
from optin.refused import Refused
from optin.sending import queueing
from optin.sending.delivery import person_fields
from optin.texts import merge_fields
from optin.texts.segments import Segments

BODY = "body"
"""The field of the text."""

NUMBER_CHANGED = (
    "The number has changed since this page was loaded, so nothing was sent. Check it and press Send again."
)
ALREADY_SENT = "This form was already sent. Press Send to send this text as well."


@dataclass(frozen=True)
class Draft:
    """What somebody typed. `problem` says what is wrong with the text, "" for nothing.

    `form_key` is of the form that was sent, `number` the one that its page showed ("" when it said none).
    """

    body: str = ""
    form_key: str = ""
    number: str = ""
    problem: str = ""


def new_draft(body: str = "", problem: str = "") -> Draft:
    """Return a draft with a form key of its own, so that a form that is sent twice is one message."""
    return Draft(body, str(uuid4()), problem=problem)


def refused_draft(body: str, refused: Refused) -> Draft:
    """Return the draft to show again; what is not about its text is said by the composer itself."""
    return new_draft(body, refused.sentence if refused.field == BODY else "")


def with_template(session: Session, draft: Draft, template_id: int | None) -> Draft:
    """Return the draft with a template behind what was typed."""
    return new_draft(message_templates.inserted(session, draft.body, template_id))


def send(session: Session, to: Composer, draft: Draft, policy: Policy, author_id: int) -> Message | Refused:
    """Put a 1:1 message into the outbox, or say why not. Does not commit; the caller undoes a refusal.

    Merge fields are filled in from the person's record. The same form sent twice is one message; with another text it
    is refused, because the browser went back to a form that was used.
    """
    if draft.number and draft.number != to.number:
        return Refused(NUMBER_CHANGED, field=BODY)
    if to.refusal or to.sender is None:
        return _closed(to)
    text = draft.body.replace("\r\n", "\n").replace("\0", "").strip()
    if refused := _refusal_of_text(session, text, to.person, policy, to.channel):
        return refused
    body = filled(session, text, to.person, policy)
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
    if isinstance(queued, Refused):
        return replace(queued, field=BODY)
    if (queued.body, queued.number, queued.author_id) != (body, to.number, author_id):
        return Refused(ALREADY_SENT, field=BODY)
    return queued


def filled(session: Session, text: str, person: Person | None, policy: Policy) -> str:
    """Return the text with its merge fields filled in for a person (None: nobody is known to have the number)."""
    own = merging.of_person(session, person, text)
    return merge_fields.render(text, person_fields(person, policy.brand, own)).strip()


def measured(session: Session, text: str, person: Person | None, policy: Policy, channel: Channel) -> Segments:
    """Count the segments of a text as it would be sent to the person by a channel."""
    return channels.rules_of(channel).measure(filled(session, text.replace("\r\n", "\n"), person, policy))


def _closed(to: Composer) -> Refused:
    """Refuse what the composer is closed for, in its words."""
    if to.refusal is None:
        return Refused(senders.NONE_YET)
    return Refused(f"{to.refusal.title} {to.refusal.text}".strip(), to.refusal.reason)


def _refusal_of_text(
    session: Session, text: str, person: Person | None, policy: Policy, channel: Channel
) -> Refused | None:
    if not text:
        return Refused("Write a message first.", field=BODY)
    if found := merge_fields.problems(text, merging.known(session, text)):
        return Refused(" ".join(found), field=BODY)
    body = filled(session, text, person, policy)
    if not body:
        return Refused("With its merge fields filled in, this message is empty.", field=BODY)
    size = channels.rules_of(channel).measure(body)
    if size.too_long:
        return Refused(f"This text is longer than {size.longest:,} characters. Shorten it.", field=BODY)
    return None


def _key(given: str) -> str:
    """Return the form's key, or a new one where it is missing or no UUID."""
    try:
        return str(UUID(given))
    except ValueError:
        return str(uuid4())

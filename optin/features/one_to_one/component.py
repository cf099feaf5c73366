"""The 1:1 SMS Messaging component: the messages with somebody and the composer, on whichever page shows it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session

from optin.consent.consent_status import ConsentStatus
from optin.database.session import db
from optin.enums import Channel
from optin.features.one_to_one import assignments, composer, thread
from optin.features.one_to_one.composer import Composer
from optin.features.one_to_one.draft import Draft, new_draft
from optin.features.one_to_one.thread import Row
from optin.models import Person
from optin.policy.policy import Policy
from optin.queries import message_templates
from optin.web import own_fields
from optin.web.filters import current_zone
from optin.web.record_ids import message_id


@dataclass(frozen=True)
class Place:
    """A page that shows the component: whom it is about, and its own part in it.

    `urls` are the addresses of send, poll, count and of the page itself, which `render` makes with a draft in it.
    `events` happened besides the messages; `read` notes that somebody sees the messages. Who knows the number's
    `number_status` gives it.
    """

    number: str | None
    person: Person | None
    urls: Mapping[str, str]
    render: Callable[[Draft], str]
    channel: Channel = Channel.SMS
    number_status: ConsentStatus | None = None
    events: Callable[[], Sequence[Row]] = tuple
    read: Callable[[], object] = tuple


def composer_of(place: Place, policy: Policy) -> Composer:
    """Return the state of the place's composer."""
    zone = current_zone()
    return composer.composer(
        db.session(), place.number, place.person, policy, zone, place.channel, number_status=place.number_status
    )


def context(place: Place, chat: Composer, draft: Draft | None = None) -> dict[str, object]:
    """Return what templates/one_to_one/_one_to_one.html needs; the request may ask for what was `before` a message."""
    session, before = db.session(), request.args.get("before", type=message_id)
    conversation_id = chat.conversation.id if chat.conversation else None
    messages = thread.load(session, conversation_id, before=before)
    events = [*place.events(), *assignments.events(session, conversation_id)]
    return {
        "chat": chat,
        "thread": thread.with_events(messages, events),
        "urls": place.urls,
        "draft": draft or new_draft(),
        "before": before,
        "saved": message_templates.listed(session),
        "merge_names": own_fields.merge_names(),
    }


def news(session: Session, to: Composer, shown: str, last_id: int) -> dict[str, object] | None:
    """Return what the poll's answer says besides the messages, None while `shown`, the page's token, is still true.

    `last_id` is the newest message of the page: what came in since is read out.
    """
    if shown == to.token:
        return None
    heard = thread.news(session, to.conversation.id, last_id) if to.conversation else ""
    return {"state_shown": shown.partition(".")[2], "news": heard}

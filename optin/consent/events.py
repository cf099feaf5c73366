"""Writing rows of the ledger: who did what, when, with the personal payload set apart."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.extensions import insert
from optin.models import ConsentEvent, ConsentPayload, Setting
from optin.terms import Channel, EventKind, OptInSource

KEY_SETTING = "ledger_key"


@dataclass(frozen=True)
class Act:
    """What somebody did that touches consent.

    `at` is the moment of receipt, `provider_at` Twilio's own date where it is known; `text` is the text or comment.
    `sender_id` is our address that received it; `actor_id` the user, where a user acted.
    """

    source: OptInSource
    at: datetime
    provider_at: datetime | None = None
    text: str = ""
    message_id: int | None = None
    message_sid: str | None = None
    sender_id: int | None = None
    actor_id: int | None = None
    channel: Channel = Channel.SMS

    @property
    def when(self) -> datetime:
        """Return the moment that orders events: Twilio's date where known, else receipt."""
        return self.provider_at or self.at

    @property
    def by_person(self) -> bool:
        """Tell whether the person on the phone acted, and not a user or a file on their behalf."""
        return self.source in (OptInSource.SMS, OptInSource.FORM)


def number_ref(session: Session, number: str) -> str:
    """Return the keyed hash under which the ledger knows a number (E.164)."""
    return hmac.new(_key(session), number.encode(), hashlib.sha256).hexdigest()


def write(
    session: Session,
    kind: EventKind,
    number: str,
    act: Act,
    *,
    keyword_id: int | None = None,
    opt_in_id: int | None = None,
    disclosure_id: int | None = None,
    detail: str = "",
) -> int:
    """Append one event and its payload; return the event's id. `detail` must hold nothing personal."""
    salt = secrets.token_hex(16)
    event_id: int = session.execute(
        insert(session, ConsentEvent)
        .values(
            channel=act.channel,
            at=act.at,
            provider_at=act.provider_at,
            number_ref=number_ref(session, number),
            kind=kind,
            source=act.source,
            keyword_id=keyword_id,
            opt_in_id=opt_in_id,
            message_sid=act.message_sid,
            disclosure_id=disclosure_id,
            actor_id=act.actor_id,
            detail=detail,
            payload_hash=payload_hash(salt, number, act.text),
        )
        .returning(ConsentEvent.id)
    ).scalar_one()
    session.execute(insert(session, ConsentPayload).values(event_id=event_id, salt=salt, number=number, text=act.text))
    return event_id


def payload_hash(salt: str, number: str, text: str) -> str:
    """Return the hash that ties an event to its payload, so that an erased payload can't be replaced unseen."""
    canonical = json.dumps([salt, number, text], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _key(session: Session) -> bytes:
    """Return this installation's own key for number references, made once and kept with the data."""
    found = session.info.get(KEY_SETTING)
    if found is None:
        found = session.scalar(select(Setting.value).where(Setting.name == KEY_SETTING))
        if found is None:
            new = Setting(name=KEY_SETTING, value=json.dumps(secrets.token_hex(32)), updated_at=clock.now())
            session.execute(
                insert(session, Setting)
                .values(name=new.name, value=new.value, updated_at=new.updated_at)
                .on_conflict_do_nothing(index_elements=["name"])
            )
            found = session.scalar(select(Setting.value).where(Setting.name == KEY_SETTING))
        session.info[KEY_SETTING] = found
    return bytes.fromhex(json.loads(str(found)))

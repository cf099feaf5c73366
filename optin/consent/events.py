"""Writing rows of the ledger: who did what, when, with the personal payload set apart."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import Insert, bindparam, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent.session_state import state_of
from optin.database.statements import insert, insert_rows, is_postgresql, run, table
from optin.enums import Channel, EventKind, OptInSource
from optin.models import ConsentEvent, ConsentPayload, Setting

KEY_SETTING = "ledger_key"


_EVENT, _PAYLOAD = table(ConsentEvent), table(ConsentPayload)
_EVENTS = insert(_EVENT).returning(_EVENT.c.payload_hash, _EVENT.c.id)
_PAYLOADS = insert(_PAYLOAD)


def _event_with_payload() -> Insert:
    """One statement for both rows, where the database can do that."""
    columns = [column for column in _EVENT.c if column.name != "id"]
    event = insert(_EVENT).values({column: bindparam(column.name, type_=column.type) for column in columns})
    made = event.returning(_EVENT.c.id).cte("event")
    rest = [bindparam(f"payload_{name}", type_=_PAYLOAD.c[name].type) for name in ("salt", "number", "text")]
    return insert(_PAYLOAD).from_select(["event_id", "salt", "number", "text"], select(made.c.id, *rest))


_BOTH = _event_with_payload()


@dataclass(frozen=True, slots=True)
class Event:
    """What an act did: `detail` holds nothing personal."""

    kind: EventKind
    keyword_id: int | None = None
    opt_in_id: int | None = None
    disclosure_id: int | None = None
    detail: str = ""

    def columns(self) -> dict[str, Any]:
        """Return it by the names of the table's columns."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True)
class Act:
    """What somebody did that touches consent.

    `at` is the moment of receipt, `provider_at` Twilio's own date where it is known; `text` is the text or comment.
    `sender_id` is our address that received it; `actor_id` the user, where a user acted. `phrase` is the piece of the
    text that was read as an opt-out, where it was no exact word and a user may therefore correct it.
    `import_run_id` is the import that acts.
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
    phrase: str | None = None
    import_run_id: int | None = None

    @property
    def when(self) -> datetime:
        """Return the moment that orders events: Twilio's date where known, else receipt."""
        return self.provider_at or self.at

    @property
    def by_person(self) -> bool:
        """Tell whether the person on the phone acted, and not a user or a file on their behalf."""
        return self.source in (OptInSource.SMS, OptInSource.FORM)


def know_key(session: Session, stored: str | None) -> None:
    """Spare the session the look for this installation's key; `stored` is the setting as it is now."""
    if stored is not None:
        state_of(session).key = stored


def number_ref(session: Session, number: str) -> str:
    """Return the keyed hash under which the ledger knows a number (E.164)."""
    return hmac.digest(_key(session), number.encode(), "sha256").hex()


def known_ref(session: Session, number: str) -> str | None:
    """Return the same without making a key: None where there is none yet, and so no event either."""
    key = state_of(session).key or session.scalar(select(Setting.value).where(Setting.name == KEY_SETTING))
    know_key(session, key)
    return number_ref(session, number) if key else None


def write(session: Session, kind: EventKind, number: str, act: Act, **about: int | str | None) -> None:
    """Append one event and its payload. `about`: keyword_id, opt_in_id, disclosure_id, detail (nothing personal)."""
    write_all(session, number, act, [Event(kind, **about)])  # type: ignore[arg-type]


def write_all(session: Session, number: str, act: Act, kinds: Sequence[Event]) -> None:
    """Append several events of one act, in this order, each with a payload of its own."""
    write_each(session, [(number, act, event) for event in kinds])


def write_each(session: Session, written: Sequence[tuple[str, Act, Event]]) -> None:
    """Append events of several numbers (number, act, event), in this order, each with a payload of its own."""
    if not written:
        return
    payloads = [{"salt": secrets.token_hex(16), "number": number, "text": act.text} for number, act, _ in written]
    rows = [
        {**_columns(session, number, act), **event.columns(), "payload_hash": payload_hash(**payload)}
        for (number, act, event), payload in zip(written, payloads, strict=True)
    ]
    if len(rows) == 1 and is_postgresql(session):
        run(session, _BOTH, {**rows[0], **{f"payload_{name}": value for name, value in payloads[0].items()}})
        return
    ids = dict(insert_rows(session, _EVENTS, rows))
    insert_rows(
        session,
        _PAYLOADS,
        [{"event_id": ids[row["payload_hash"]], **payload} for row, payload in zip(rows, payloads, strict=True)],
    )


def payload_hash(salt: str, number: str, text: str) -> str:
    """Return the hash that ties an event to its payload, so that an erased payload can't be replaced unseen.

    It is that of the three as an array of JSON, written as by json.dumps but in a third of the time.
    """
    canonical = f"[{encode_basestring(salt)},{encode_basestring(number)},{encode_basestring(text)}]"
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _columns(session: Session, number: str, act: Act) -> dict[str, Any]:
    """Return what an act says of each event, by the names of the table's columns."""
    return {
        "channel": act.channel,
        "at": act.at,
        "provider_at": act.provider_at,
        "number_ref": number_ref(session, number),
        "source": act.source,
        "message_sid": act.message_sid,
        "actor_id": act.actor_id,
    }


def _key(session: Session) -> bytes:
    """Return this installation's own key for number references, made once and kept with the data."""
    found = state_of(session).key
    if found is None:
        found = session.scalar(select(Setting.value).where(Setting.name == KEY_SETTING))
        if found is None:
            new = Setting(name=KEY_SETTING, value=json.dumps(secrets.token_hex(32)), updated_at=clock.now())
            session.execute(
                insert(Setting)
                .values(name=new.name, value=new.value, updated_at=new.updated_at)
                .on_conflict_do_nothing(index_elements=["name"])
            )
            found = session.scalar(select(Setting.value).where(Setting.name == KEY_SETTING))
        state_of(session).key = found
    return _read(found)


@lru_cache(maxsize=16)
def _read(stored: str | None) -> bytes:
    return bytes.fromhex(json.loads(str(stored)))

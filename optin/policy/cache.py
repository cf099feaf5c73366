"""Current settings, keywords, senders and fields of one's own, kept in the process until the database says otherwise.

The webhook needs them for every text. The database renews a token with every change of them (CacheToken); whoever
has read the token, in a statement that it runs anyway, gets the rest without another one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import Session

from optin.database.statements import run, table
from optin.enums import FieldKind
from optin.models import CacheToken, Keyword, KeywordWord, OwnField, OwnOption, Sender, Setting
from optin.policy.policy import Policy, from_settings

_TOKEN = select(table(CacheToken).c.token)
_KEYWORD, _WORD, _SENDER = table(Keyword), table(KeywordWord), table(Sender)
_SETTINGS = select(table(Setting).c.name, table(Setting).c.value)
_WORDS = (
    select(
        _WORD.c.normal,
        _KEYWORD.c.id,
        _KEYWORD.c.word,
        _KEYWORD.c.frequency,
        _KEYWORD.c.double_opt_in,
        _KEYWORD.c.confirmation,
        _KEYWORD.c.question,
        _KEYWORD.c.archived_at.is_not(None).label("archived"),
    )
    .join_from(_WORD, _KEYWORD)
    .order_by(_WORD.c.id)
)
_SENDERS = select(
    _SENDER.c.id,
    _SENDER.c.channel,
    _SENDER.c.address,
    _SENDER.c.kind,
    _SENDER.c.messaging_service_sid,
    _SENDER.c.advanced_opt_out,
)
_FIELD, _OPTION = table(OwnField), table(OwnOption)
_FIELDS = (
    select(
        _FIELD.c.id,
        _FIELD.c.key,
        _FIELD.c.label,
        _FIELD.c.kind,
        _FIELD.c.help,
        _FIELD.c.archived_at.is_not(None).label("archived"),
        _OPTION.c.id.label("option_id"),
        _OPTION.c.label.label("option"),
    )
    .select_from(_FIELD)
    .outerjoin(_OPTION)
    .where(_FIELD.c.deleted_at.is_(None))
    .order_by(_FIELD.c.place, _FIELD.c.id, _OPTION.c.id)
)


@dataclass(frozen=True, slots=True)
class CachedKeyword:
    """A keyword, as far as a text that comes in may ask for it; the names are those of the model."""

    id: int
    word: str
    frequency: str
    double_opt_in: bool
    confirmation: str
    question: str
    archived: bool


@dataclass(frozen=True, slots=True)
class CachedSender:
    """One of our addresses, as far as a text to it is concerned; the names are those of the model."""

    id: int
    channel: str
    address: str
    kind: str
    messaging_service_sid: str | None
    advanced_opt_out: bool

    @property
    def scope(self) -> str:
        """Return what a block at Twilio is keyed by: the Messaging Service if there is one, else the address."""
        return self.messaging_service_sid or self.address


@dataclass(frozen=True, slots=True)
class CachedField:
    """A field of one's own; `options` are the labels by their ids, in their order, of one of a list."""

    id: int
    key: str
    label: str
    kind: FieldKind
    help: str
    archived: bool
    options: Mapping[int, str]


@dataclass(frozen=True)
class CachedSettings:
    """Settings, keywords by the normal form of each of their words, senders by address, fields of one's own in order.

    `settings` are the stored values as JSON text, those of the policy and others. `fields` are without those that are
    being deleted.
    """

    policy: Policy
    settings: Mapping[str, str]
    keywords: Mapping[str, CachedKeyword]
    senders: Mapping[str, CachedSender]
    fields: tuple[CachedField, ...] = ()
    active: frozenset[str] = field(init=False)
    known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", frozenset(self.keywords))
        usable = (normal for normal, keyword in self.keywords.items() if not keyword.archived)
        object.__setattr__(self, "active", frozenset(usable))

    def keyword(self, keyword_id: int | None) -> CachedKeyword:
        return next(keyword for keyword in self.keywords.values() if keyword.id == keyword_id)


_kept: tuple[str, CachedSettings] | None = None


def token() -> ScalarSelect[str]:
    """Return the token as a column for another statement; NULL means that nothing may be kept."""
    return _TOKEN.scalar_subquery()


def read_token(session: Session) -> str | None:
    """Read the token by itself, where no other statement brings it."""
    found: str | None = run(session, _TOKEN).scalar()
    return found


def policy(session: Session) -> Policy:
    """Return the policy as it is in the database now, for what decides afresh, such as the start of a message.

    Whatever serves a request takes the policy of the request instead (web/current.py).
    """
    return current(session, read_token(session)).policy


def current(session: Session, token: str | None) -> CachedSettings:
    """Return the settings, keywords and senders as they are now; `token` was read before, in this transaction."""
    global _kept
    if token is not None and _kept is not None and _kept[0] == token:
        return _kept[1]
    read = _read(session)
    if token is not None and read_token(session) == token:  # else it changed while it was read
        _kept = (token, read)
    return read


def _read(session: Session) -> CachedSettings:
    settings: dict[str, str] = {row.name: row.value for row in run(session, _SETTINGS)}
    made: dict[int, CachedKeyword] = {}
    keywords = {}
    for row in run(session, _WORDS):
        normal, *columns = row
        keyword = CachedKeyword(*columns)
        keywords[normal] = made.setdefault(keyword.id, keyword)
    senders = {row.address: CachedSender(*row) for row in run(session, _SENDERS)}
    return CachedSettings(from_settings(settings), settings, keywords, senders, _fields(session))


def _fields(session: Session) -> tuple[CachedField, ...]:
    found: dict[int, CachedField] = {}
    options: dict[int, dict[int, str]] = {}
    for row in run(session, _FIELDS):
        mine = options.setdefault(row.id, {})
        found.setdefault(
            row.id,
            CachedField(row.id, row.key, row.label, FieldKind(row.kind), row.help, bool(row.archived), mine),
        )
        if row.option_id is not None:
            mine[row.option_id] = row.option
    return tuple(found.values())

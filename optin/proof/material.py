"""What a proof is made of, as plain values: the number's events, opt-ins and messages. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from optin.enums import EventKind, OptInSource, OptInStatus


@dataclass(slots=True)
class ProofEvent:
    """An event of the log. `text` is None where its personal part was erased, `leaf_index` where it is not sealed."""

    id: int
    kind: str
    channel: str
    at: datetime
    provider_at: datetime | None
    keyword_id: int | None
    opt_in_id: int | None
    detail: str
    source: str
    message_sid: str | None
    actor: str
    text: str | None
    leaf_index: int | None
    keyword: str = ""

    @property
    def what(self) -> EventKind:
        """Return what happened, as a term."""
        return EventKind(self.kind)

    @property
    def by(self) -> OptInSource:
        """Return where it came from, as a term."""
        return OptInSource(self.source)

    @property
    def when(self) -> datetime:
        """Return the moment that orders it among others."""
        return self.provider_at or self.at


@dataclass(frozen=True)
class File:
    """A file that goes with the proof; `table` and `id` tell where it is, `name` is that in the ZIP."""

    table: str
    id: int
    name: str
    media_type: str
    digest: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Told:
    """What people were told: the disclosure in force at an opt-in, or what an import says of it (version 0)."""

    text: str
    version: int = 0
    since: datetime | None = None
    url: str = ""
    image: File | None = None


@dataclass(frozen=True)
class Received:
    """A text as it was received: to which address of ours, under which SID."""

    at: datetime
    body: str
    to: str
    sid: str


@dataclass(frozen=True)
class ProofOptIn:
    """An opt-in with its verdict. `events` are its own; `texts` those that asked for it and confirmed it."""

    id: int
    name: str
    keyword: str
    status: OptInStatus
    verdict: str
    events: Sequence[ProofEvent]
    texts: Sequence[Received] = ()
    told: Told | None = None
    evidence: File | None = None


@dataclass(frozen=True)
class ProofMessage:
    """A message with the number. `consent` says under which consent it started, or why it did not.

    `goodbye` is the moment of the nearest goodbye, `seconds` how long after it the message started (negative: before);
    `against` says why it should not have gone, by what is known now.
    """

    id: int
    is_out: bool
    at: datetime
    ours: str
    text: str
    status: str
    sid: str | None
    purpose: str = ""
    consent: str = ""
    goodbye: datetime | None = None
    seconds: float | None = None
    against: str = ""


@dataclass(frozen=True)
class Log:
    """The log under a checkpoint: name, verifier key, size, the note with all its signatures, and its moment."""

    name: str
    key: str
    size: int
    note: str
    at: datetime


@dataclass(frozen=True)
class Proof:
    """Everything that shows consent of a number, or its end. `numbers` are the spellings of the same phone.

    Of `event_count` events and `message_count` messages the newest are here. `opt_in` is set where the proof is of one.
    """

    number: str
    shown: str
    numbers: Sequence[str]
    made_at: datetime
    made_by: str
    brand: str
    verdict: str
    besides: Sequence[str]
    opt_ins: Sequence[ProofOptIn]
    opt_in: ProofOptIn | None
    events: Sequence[ProofEvent]
    event_count: int
    messages: Sequence[ProofMessage]
    message_count: int
    unknown: Sequence[str]
    log: Log | None

    @property
    def about(self) -> Sequence[ProofOptIn]:
        """Return the opt-ins that it is about: the one, or all of the number."""
        return [self.opt_in] if self.opt_in else self.opt_ins

    @property
    def is_sealed(self) -> bool:
        """Tell whether the checkpoint covers every event that is here."""
        return self.log is not None and all(is_covered(each, self.log) for each in self.events)

    @property
    def name(self) -> str:
        """Return what the files are called, without an ending."""
        return f"proof-{self.opt_in.name if self.opt_in else self.number.lstrip('+')}-{self.made_at:%Y-%m-%d}"


def is_covered(event: ProofEvent, log: Log | None) -> bool:
    """Tell whether a checkpoint covers an event."""
    return log is not None and event.leaf_index is not None and event.leaf_index < log.size

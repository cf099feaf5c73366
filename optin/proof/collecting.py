"""Collecting what a proof shows, from the database; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from optin import clock, phone
from optin.consent.proof import origins, stored
from optin.consent.replay import replay
from optin.enums import Direction, OptInStatus
from optin.models import Disclosure, ImportRun, LogOrigin, Message, OptIn
from optin.models.evidence import DisclosureImage, EvidenceFile, GivenFile
from optin.models.index_conditions import is_heard
from optin.proof import unknown, verdict
from optin.proof.material import File, Log, Proof, ProofEvent, ProofOptIn, Received, Told
from optin.proof.number_record import NumberRecord
from optin.proof.unknown import Horizon

NEWEST = 100
"""So many events and messages a page shows; the ZIP has all."""
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "application/pdf": "pdf"}


@dataclass(frozen=True)
class Asked:
    """Of what a proof is made: a number (E.164) or one of its opt-ins, written as in `region`; and by whom."""

    number: str
    opt_in_id: int | None = None
    region: str = "US"
    brand: str = ""
    made_by: str = ""


def collect(session: Session, asked: Asked, newest: int | None = None) -> Proof:
    """Return the proof with the newest events and messages."""
    return of_record(session, asked, NumberRecord.read(session, asked.number, asked.region), newest or NEWEST)


def of_record(session: Session, asked: Asked, record: NumberRecord, newest: int) -> Proof:
    """Return the proof of a number that has been read."""
    known = origins.all_origins(session)
    log, horizon = _log(session, known, record.events), _horizon(session, known)
    opt_ins = _opt_ins(session, record)
    opt_in = next((each for each in opt_ins if each.id == asked.opt_in_id), None)
    shown = phone.display(record.number, record.region)
    messages = record.newest_messages(session, newest + 1)
    return Proof(
        number=record.number,
        shown=shown,
        numbers=record.forms,
        made_at=clock.now(),
        made_by=asked.made_by,
        brand=asked.brand,
        verdict=opt_in.verdict if opt_in else verdict.of_number(shown, record.events, opt_ins),
        besides=verdict.besides(record.events, record.region),
        opt_ins=opt_ins,
        opt_in=opt_in,
        events=record.events[-newest:],
        event_count=len(record.events),
        messages=messages[:newest],
        message_count=len(messages) if len(messages) <= newest else record.message_count(session),
        unknown=unknown.sentences(record.events, log, horizon),
        log=log,
    )


def _log(session: Session, known: Sequence[LogOrigin], events: Sequence[ProofEvent]) -> Log | None:
    """Return the log under its newest checkpoint, or under the newest that witnesses cosigned where it has the events
    too: they are asked once a minute."""
    shown, cosigned = stored.latest_checkpoint(session), stored.latest_cosigned(session)
    if shown is None:
        return None
    last = max((event.leaf_index for event in events if event.leaf_index is not None), default=-1)
    if cosigned and cosigned.origin_id == shown.origin_id and last < cosigned.size:
        shown = cosigned
    origin = next(each for each in known if each.id == shown.origin_id)
    return Log(origin.name, origin.verifier_key, shown.size, stored.cosigned_note(session, shown), shown.at)


def _horizon(session: Session, known: Sequence[LogOrigin]) -> Horizon:
    first_text = session.scalar(select(func.min(Message.created_at)).where(is_heard(Message)))
    return Horizon(known[0].began_at if known else None, [each.began_at for each in known[1:]], first_text)


def _opt_ins(session: Session, record: NumberRecord) -> list[ProofOptIn]:
    wanted = (
        select(OptIn)
        .where(OptIn.number.in_(record.forms))
        .options(
            joinedload(OptIn.keyword),
            joinedload(OptIn.disclosure).joinedload(Disclosure.image),
            joinedload(OptIn.import_run).joinedload(ImportRun.evidence),
        )
        .order_by(OptIn.id)
    )
    rows = session.scalars(wanted).all()
    texts = _texts(session, record, rows)
    states = replay(record.events).opt_ins
    return [_opt_in(row, record, texts, states[row.id].status if row.id in states else row.status) for row in rows]


def _texts(session: Session, record: NumberRecord, opt_ins: Sequence[OptIn]) -> dict[int, Received]:
    """Return the texts that asked for the opt-ins and confirmed them, by the messages' ids."""
    ids = {each for row in opt_ins for each in (row.message_id, row.confirming_message_id) if each}
    if not ids:
        return {}
    columns = (Message.id, Message.created_at, Message.body, Message.sender_id, Message.sid)
    rows = session.execute(select(*columns).where(Message.id.in_(ids), Message.direction == Direction.INBOUND))
    return {row.id: Received(row.created_at, row.body, record.address(row.sender_id), row.sid or "") for row in rows}


def _opt_in(row: OptIn, record: NumberRecord, texts: dict[int, Received], status: str) -> ProofOptIn:
    own = [event for event in record.events if event.opt_in_id == row.id]
    mine = [texts[each] for each in (row.message_id, row.confirming_message_id) if each in texts]
    ours = {each.sid: each.to for each in mine} | {row.message_sid or "": record.address(row.sender_id)}
    return ProofOptIn(
        id=row.id,
        name=row.name,
        keyword=row.keyword.word,
        status=OptInStatus(status),
        verdict=verdict.of_opt_in(phone.display(row.number, record.region), row.keyword.word, own, ours),
        events=own,
        texts=mine,
        told=_told(row),
        evidence=_file(row.import_run.evidence, "evidence") if row.import_run and row.import_run.evidence else None,
    )


def _told(row: OptIn) -> Told | None:
    version = row.disclosure
    if version is None:
        said = (row.evidence or {}).get("told") or ""
        return Told(said) if said else None
    image = _file(version.image, "told") if version.image else None
    return Told(version.text, version.version, version.created_at, version.url, image)


def _file(kept: GivenFile, folder: str) -> File:
    name = f"{folder}/{kept.digest[:16]}.{_ENDINGS.get(kept.media_type, 'bin')}"
    sides = (kept.width, kept.height) if isinstance(kept, DisclosureImage) else (0, 0)
    return File(
        "image" if isinstance(kept, DisclosureImage) else "document",
        kept.id,
        name,
        kept.media_type,
        kept.digest,
        *sides,
    )


def content(session: Session, file: File) -> bytes:
    """Return the bytes of a file that goes with a proof."""
    kind = DisclosureImage if file.table == "image" else EvidenceFile
    found: GivenFile | None = session.get(kind, file.id)  # type: ignore[assignment]
    return found.data if found else b""

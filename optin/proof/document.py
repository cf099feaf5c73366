"""proof.json: all of a proof for programs, written piece by piece, so that 100,000 messages need no memory.

docs/consent-log.md says what is in it; `verify.py` reads it.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent.proof import stored
from optin.consent.proof.leaf import COLUMNS, canonical
from optin.consent.proof.proofs import Proofs
from optin.models import ConsentEvent, ConsentPayload
from optin.proof.material import File, Log, Proof, ProofEvent, ProofMessage, ProofOptIn, is_covered
from optin.proof.number_record import NumberRecord

FORMAT = "optin proof 1"
"""Another one needs another verify.py, which says so."""
AT_ONCE = 200
_ID = COLUMNS.index("id")


def pieces(session: Session, proof: Proof, record: NumberRecord, since: int | None = None) -> Iterator[str]:
    """Yield the document; `since` is the size of an older checkpoint, from which a proof of consistency leads on."""
    proofs = Proofs(session, proof.log.size) if proof.log else None
    head = _head(proof, record)
    if proofs and since is not None and 0 < since < proofs.size:
        head["consistency"] = {"from": since, "path": _base64(proofs.consistency(since))}
    yield _written(head)[:-2]
    yield from _list("events", _events(session, record.events, proof.log, proofs))
    yield from _list("messages", map(_message, record.all_messages(session)))
    yield "\n}\n"


def _head(proof: Proof, record: NumberRecord) -> dict[str, Any]:
    log = proof.log
    return {
        "format": FORMAT,
        "made_at": _moment(proof.made_at),
        "made_by": proof.made_by,
        "by": proof.brand,
        "about": {
            "number": proof.number,
            "numbers": list(proof.numbers),
            "opt_in": proof.opt_in.name if proof.opt_in else None,
        },
        "verdict": proof.verdict,
        "besides": list(proof.besides),
        "not_known": list(proof.unknown),
        "log": {"name": log.name, "key": log.key, "size": log.size, "signed_at": _moment(log.at)} if log else None,
        "keywords": {str(id_): word for id_, word in sorted(record.keywords.items())},
        "opt_ins": [_opt_in(each) for each in proof.about],
    }


def _opt_in(opt_in: ProofOptIn) -> dict[str, Any]:
    told = opt_in.told
    return {
        "name": opt_in.name,
        "keyword": opt_in.keyword,
        "status": opt_in.status,
        "verdict": opt_in.verdict,
        "texts": [{"at": _moment(each.at), "text": each.body, "to": each.to, "sid": each.sid} for each in opt_in.texts],
        "told": {
            "text": told.text,
            "version": told.version or None,
            "since": _moment(told.since),
            "url": told.url,
            "image": _file(told.image),
        }
        if told
        else None,
        "evidence": _file(opt_in.evidence),
    }


def _file(file: File | None) -> dict[str, str] | None:
    return {"file": file.name, "sha256": file.digest} if file else None


def _events(
    session: Session, events: Sequence[ProofEvent], log: Log | None, proofs: Proofs | None
) -> Iterator[dict[str, Any]]:
    """Yield each event as its leaf, with the payload that its hash is of and the proof that it is in the log."""
    for start in range(0, len(events), AT_ONCE):
        some = events[start : start + AT_ONCE]
        ids = [event.id for event in some]
        rows = session.execute(stored.leaves_of_events(session, ids[0] - 1, ids[-1]).where(ConsentEvent.id.in_(ids)))
        leaves = {row[_ID]: canonical(row).decode("utf-8", "surrogatepass") for row in rows}
        of = ConsentPayload
        asked = select(of.event_id, of.salt, of.number, of.text).where(of.event_id.in_(ids))
        payloads = {
            row[0]: dict(zip(("salt", "number", "text"), row[1:], strict=True)) for row in session.execute(asked)
        }
        for event in some:
            sealed = proofs is not None and is_covered(event, log)
            yield {
                "leaf": leaves[event.id],
                "payload": payloads.get(event.id),
                "index": event.leaf_index if sealed else None,
                "inclusion": _base64(proofs.inclusion(event.leaf_index or 0)) if sealed and proofs else None,
            }


def _message(message: ProofMessage) -> dict[str, Any]:
    said: dict[str, Any] = {
        "direction": "out" if message.is_out else "in",
        "at": _moment(message.at),
        "ours": message.ours,
        "text": message.text,
        "status": message.status,
        "sid": message.sid,
    }
    if message.is_out:
        said |= {
            "purpose": message.purpose,
            "consent": message.consent,
            "nearest_goodbye": _moment(message.goodbye),
            "seconds_after_goodbye": message.seconds,
            "should_not_have_gone": message.against or None,
        }
    return said


def _list(name: str, items: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield f',\n  "{name}": ['
    between = "\n    "
    for item in items:
        yield between + json.dumps(item, ensure_ascii=False)
        between = ",\n    "
    yield "\n  ]"


def _written(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _base64(hashes: Sequence[bytes]) -> list[str]:
    return [b64encode(each).decode() for each in hashes]


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at else None

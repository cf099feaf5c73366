"""The stage of opt-in keywords: those that are here stand for their namesakes, those that we reserve are archived."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.database.statements import insert
from optin.features.moving import references
from optin.features.moving.deciding import RowVerdict
from optin.features.moving.job import DELETED, NO_ID, Job, here, left_out, moved
from optin.features.moving.records import ExportRow
from optin.features.moving.signs import KeywordRole
from optin.features.moving.terms import ExportObject
from optin.models import Keyword, KeywordWord
from optin.policy import audit
from optin.reading.words import normalise, refusal_as_keyword

LONGEST = 30
MOST = 5000
STOP_OR_START = "STOP and START are Optin’s own: the opt-ins with it say who left."


def stage(job: Job, rows: Sequence[ExportRow]) -> list[RowVerdict]:
    """Say, or do, what becomes of keywords."""
    if not job.to_write:
        names = {row.key(): row.one_line("name") for row in rows if row.key() and row.one_line("name")}
        job.move.keywords = {**job.move.keywords, **dict(list(names.items())[:MOST])}
    known = job.moved(ExportObject.KEYWORD, [row.key() for row in rows])
    return [_keyword(job, row, known) for row in rows]


def _keyword(job: Job, row: ExportRow, known: dict[str, int]) -> RowVerdict:
    key, name = row.key(), row.one_line("name")
    if not key or not normalise(name):
        return left_out(row, NO_ID if not key else "It has no name.")
    role = job.role_of(name)
    if role is not KeywordRole.CAMPAIGN:
        return moved(row, STOP_OR_START)
    if key in known:
        return here(row)
    if row.is_deleted:
        return left_out(row, DELETED)
    is_here = find(job.session, [name]).get(normalise(name)) is not None
    if job.to_write:
        references.add(job.session, ExportObject.KEYWORD, [(key, ensure(job, name, row.one_line("description")))])
    if is_here:
        return here(row)
    refused = refusal_as_keyword(name, job.policy.extra_opt_out_words)
    return moved(row, f"{refused.sentence} It is kept, archived." if refused else "")


def find(session: Session, names: Sequence[str]) -> dict[str, int]:
    """Return by its normal form the id of each keyword that is here under one of the names."""
    wanted = {_stored(name): normalise(name) for name in names}
    rows = session.execute(select(KeywordWord.normal, KeywordWord.keyword_id).where(KeywordWord.normal.in_(wanted)))
    return {wanted[normal]: keyword_id for normal, keyword_id in rows}


def ensure(job: Job, name: str, description: str = "") -> int:
    """Return the id of the keyword with a name, made if there is none; archived where nobody may use it."""
    session, normal = job.session, normalise(name)
    found = find(session, [name]).get(normal)
    if found is not None:
        return found
    archived = refusal_as_keyword(name, job.policy.extra_opt_out_words) is not None
    word = name if len(name) <= LONGEST else _shortened(name)
    user_id = job.run.created_by_id
    keyword = Keyword(word=word, description=description, created_at=job.now, created_by_id=user_id)
    if archived:
        keyword.archived_at, keyword.archived_by_id = job.now, user_id
    session.add(keyword)
    session.flush()
    new = {"keyword_id": keyword.id, "word": word, "normal": _stored(name), "is_main": True}
    session.execute(insert(KeywordWord).values(**new))
    audit.record(session, user_id, "created", "keyword", keyword.id, {"Keyword": ("", word)})
    return keyword.id


def _stored(name: str) -> str:
    """Return under which normal form a name stands; a long one is told from others by all of it."""
    return normalise(name if len(name) <= LONGEST else _shortened(name))


def _shortened(name: str) -> str:
    mark = hashlib.sha256(normalise(name).encode()).hexdigest()[:8]
    return f"{name[: LONGEST - 9]} {mark}"

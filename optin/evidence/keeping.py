"""Files of evidence in the database: each content once, as long as something, or a refused form, needs it."""

import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from optin import clock
from optin.database.statements import insert
from optin.evidence.documents import Document
from optin.evidence.pictures import Picture
from optin.models import Disclosure, DisclosureImage, EvidenceFile, ImportRun

Kept = TypeVar("Kept", DisclosureImage, EvidenceFile)
FORM_LASTS = timedelta(days=1)
_NEEDED_BY: Mapping[type, InstrumentedAttribute[int | None]] = {
    DisclosureImage: Disclosure.image_id,
    EvidenceFile: ImportRun.evidence_id,
}


def keep_image(session: Session, picture: Picture, user_id: int) -> int:
    """Return the id of a picture's row, which is made if nobody gave the same before; drop what nothing needs."""
    sides = {"width": picture.width, "height": picture.height}
    return _keep(session, DisclosureImage, picture.data, picture.media_type, user_id, sides)


def keep_document(session: Session, document: Document, user_id: int) -> int:
    """Return the id of a document's row, in the same way."""
    return _keep(session, EvidenceFile, document.data, document.media_type, user_id, {"name": document.name})


def find(session: Session, kind: type[Kept], kept: str | None) -> Kept | None:
    """Return the file that a form names by its id, None where it names none."""
    return session.get(kind, int(kept)) if kept and re.fullmatch("[0-9]{1,9}", kept) else None


def drop_unneeded(session: Session, kind: type[Kept]) -> None:
    """Delete the files that nothing needs and no form can name any more."""
    needed = select(_NEEDED_BY[kind]).where(_NEEDED_BY[kind].is_not(None))
    session.execute(delete(kind).where(kind.id.not_in(needed), kind.given_at < clock.now() - FORM_LASTS))


def _keep(
    session: Session, kind: type[Kept], data: bytes, media_type: str, user_id: int, more: Mapping[str, object]
) -> int:
    drop_unneeded(session, kind)
    now = clock.now()
    row = {
        "digest": hashlib.sha256(data).hexdigest(),
        "media_type": media_type,
        "size": len(data),
        "data": data,
        "given_by_id": user_id,
        **more,
    }
    new = insert(kind).values(**row, given_at=now)
    known = new.on_conflict_do_update(index_elements=["digest"], set_={**more, "given_at": now})
    file_id: int = session.execute(known.returning(kind.id)).scalar_one()
    return file_id

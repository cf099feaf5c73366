"""Images of disclosures in the database: each content once, as long as a version, or a refused form, needs it."""

import hashlib
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert
from optin.features.keywords.pictures import Picture
from optin.models import Disclosure, DisclosureImage

FORM_LASTS = timedelta(days=1)


def store(session: Session, picture: Picture, user_id: int) -> int:
    """Return the id of a picture's row, which is made if nobody gave the same before; drop what no version took."""
    now = clock.now()
    used = select(Disclosure.image_id).where(Disclosure.image_id.is_not(None))
    session.execute(
        delete(DisclosureImage).where(DisclosureImage.id.not_in(used), DisclosureImage.given_at < now - FORM_LASTS)
    )
    image_id: int = session.execute(
        insert(DisclosureImage)
        .values(
            digest=hashlib.sha256(picture.data).hexdigest(),
            media_type=picture.media_type,
            width=picture.width,
            height=picture.height,
            size=len(picture.data),
            data=picture.data,
            given_at=now,
            given_by_id=user_id,
        )
        .on_conflict_do_update(index_elements=["digest"], set_={"given_at": now})
        .returning(DisclosureImage.id)
    ).scalar_one()
    return image_id

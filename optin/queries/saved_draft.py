"""What a user typed into a campaign's composer, kept while they are on another page; one for each campaign."""

import json
from collections.abc import Mapping

from sqlalchemy import delete
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert
from optin.models import KeptDraft
from optin.texts import choices, recurrence_form, text_test

FIELDS = (
    *("body", "when", "at", "last", "until", "spread", "zone"),
    *choices.FIELDS,
    *recurrence_form.FIELDS,
    *text_test.FIELDS,
    *("changes", "version", "audience", "of", "copy"),
)


def keep(session: Session, user_id: int, campaign_id: int, form: Mapping[str, str]) -> None:
    """Keep the composer's fields in the place of what was kept before."""
    new = {"form": json.dumps({name: form[name] for name in FIELDS if name in form}), "kept_at": clock.now()}
    statement = insert(KeptDraft).values(user_id=user_id, campaign_id=campaign_id, **new)
    session.execute(statement.on_conflict_do_update(index_elements=["user_id", "campaign_id"], set_=new))


def kept(session: Session, user_id: int, campaign_id: int) -> dict[str, str]:
    """Return the fields that were kept, none where nothing was."""
    found = session.get(KeptDraft, (user_id, campaign_id))
    return json.loads(found.form) if found else {}


def drop(session: Session, user_id: int, campaign_id: int) -> None:
    """Forget what was kept: it was sent."""
    session.execute(delete(KeptDraft).where(KeptDraft.user_id == user_id, KeptDraft.campaign_id == campaign_id))

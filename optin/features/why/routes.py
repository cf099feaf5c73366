"""The pages that say why: of a message in or out, and of a member of a campaign."""

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from optin.consent.events import KEY_SETTING, know_key
from optin.database.session import db
from optin.enums import Direction, EventKind, LabelledEnum, MessageStatus, Purpose
from optin.features.why import inbound, left_out, member, message
from optin.models import CampaignMember, LeftOut, Message, SendingFinding
from optin.provider import senders, statuses
from optin.web import navigation
from optin.web.current import current_policy, current_settings
from optin.web.record_ids import record_id

blueprint = Blueprint("why", __name__)


@blueprint.get("/messages/<message:message_id>/why")
def of_message(message_id: int) -> str:
    """Say why a message was sent, waits or was not sent; of one that came in, why it did what it did."""
    session = _session()
    loads = (joinedload(Message.sender), joinedload(Message.author))
    found = session.get(Message, message_id, options=loads)
    if found is None or found.id == 0:  # the row after which moved messages end
        abort(404)
    navigation.light("/campaigns" if found.broadcast_id else "/inbox")
    about = {"message": found}
    if message.is_moved(found):
        return render_template("why/moved.html", **about)
    if found.direction == Direction.INBOUND:
        return render_template("why/inbound.html", **about, told=inbound.explain(session, found))
    return render_template(
        "why/message.html",
        **about,
        told=message.explain(session, found, current_policy()),
        error=statuses.meaning(found.error_code) if found.error_code else None,
        finding=session.get(SendingFinding, found.id),
    )


@blueprint.get("/campaigns/<int:campaign_id>/members/<int:member_id>/why")
def of_member(campaign_id: int, member_id: int) -> str:
    """Say why a member would receive a message now or would not, and what became of the last broadcasts."""
    session = _session()
    loads = (joinedload(CampaignMember.person), joinedload(CampaignMember.campaign))
    wanted = select(CampaignMember).where(CampaignMember.id == member_id, CampaignMember.campaign_id == campaign_id)
    found = session.scalars(wanted.options(*loads)).first() or abort(404)
    sender = senders.choose(senders.all_in_use(session), request.args.get("sender", type=record_id))
    told = member.explain(session, found, sender, current_policy())
    return render_template("why/member.html", member=found, sender=sender, told=told)


@blueprint.get("/broadcasts/<int:broadcast_id>/left-out/<int:person_id>/why")
def of_left_out(broadcast_id: int, person_id: int) -> str:
    """Say why a broadcast left a member out: what was recorded as it was decided, and how the rule went then."""
    session = _session()
    loads = (joinedload(LeftOut.person), joinedload(LeftOut.broadcast))
    found = session.get(LeftOut, (person_id, broadcast_id), options=loads) or abort(404)
    navigation.light("/campaigns")
    return render_template("why/left_out.html", left_out=found, told=left_out.explain(session, found, current_policy()))


@blueprint.context_processor
def terms() -> dict[str, type[LabelledEnum]]:
    """Let the templates read what is stored as the terms that people see."""
    return {"purpose": Purpose, "message_status": MessageStatus, "event_kind": EventKind}


def _session() -> Session:
    """Return the session, which knows the key of the log from the settings of the request."""
    session = db.session()
    know_key(session, current_settings().settings.get(KEY_SETTING))
    return session

"""The composer of a broadcast: advice while typing, the question before sending; and Deliverability by itself."""

from dataclasses import replace
from uuid import uuid4

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.features.campaigns import compose, confirming, empty_advice, page
from optin.features.campaigns.blueprint import CAMPAIGN, blueprint, load
from optin.features.campaigns.campaign_request import CampaignRequest
from optin.features.campaigns.compose import Draft
from optin.models import Campaign
from optin.queries import message_templates
from optin.sending import broadcast_text, first_line
from optin.texts import choices, recurrence_form, segments, send_time, text_test_form
from optin.web import composed_for, filters, record_ids
from optin.web.extensions import only_reads
from optin.web.record_ids import record_id


@blueprint.get(f"{CAMPAIGN}/deliverability")
def deliverability(campaign_id: int) -> str:
    """Say who would receive a message now, and the others by reason (fragment)."""
    about = composed_for.of_form(request.args)
    asked = CampaignRequest(db.session(), load(campaign_id), follow_up=about.follow_up)
    return render_template(
        "campaigns/_deliverability.html",
        about=about,
        campaign=asked.campaign,
        sender=asked.sender,
        counts=asked.counts,
        rows=compose.rows(asked.counts),
    )


@blueprint.post(f"{CAMPAIGN}/broadcasts/preview")
@only_reads
def preview_broadcast(campaign_id: int) -> str:
    """Say how the text would go out as it stands (fragment); nothing is stored."""
    draft = typed_draft()
    asked = compose.request_for(db.session(), load(campaign_id), draft)
    context = compose.context(asked, draft)
    return render_template("campaigns/_advice.html", counts=asked.counts, swapped=True, **context)


@blueprint.post(f"{CAMPAIGN}/broadcasts/draft")
@only_reads
def compose_broadcast(campaign_id: int) -> Response:
    """Take the typed text: change or show it, or ask before it is sent. Nothing is stored or sent."""
    campaign, draft, do = load(campaign_id), typed_draft(), request.form.get("do", "")
    if do == "plain":
        return page.render(campaign, "broadcasts", draft=draft.rewritten(segments.plain))
    if do == "template":
        body = message_templates.inserted(db.session(), draft.body, request.form.get("template", type=record_id))
        return page.render(campaign, "broadcasts", draft=replace(draft, body=body))
    draft = draft.rewritten(lambda body: empty_advice.with_defaults(body, request.form))
    if do in ("edit", "next", "default"):
        return page.render(campaign, "broadcasts", draft=draft)
    if do == "first_line":
        draft = draft.rewritten(first_line.put_first)
    if do in (choices.LEAVE_OUT, "anyway"):
        draft = replace(draft, choices=replace(draft.choices, leaves_out_empty=do == choices.LEAVE_OUT))
    if do in ("without_often", "with_often"):
        draft = replace(draft, choices=replace(draft.choices, leaves_out_often=do == "without_often"))
    return _confirm(campaign, compose.in_time(draft) if do == "in_time" else draft)


def _confirm(campaign: Campaign, draft: Draft) -> Response:
    """Show the exact numbers, counted now, and the button that sends; or the composer again with what forbids it."""
    looked = confirming.look(db.session(), campaign, draft)
    if refused := looked.refused():
        return page.render(campaign, "broadcasts", status=422, draft=replace(draft, refused=refused))
    return make_response(render_template("campaigns/confirm.html", form_key=uuid4(), **looked.context()))


def typed_draft() -> Draft:
    """Read the composer: the text as it would be sent, when, and whom to preview it for, the same unless asked."""
    shown = request.form.get("after", 0, type=int)
    after = shown if request.form.get("do") == "next" else shown - 1
    plan = send_time.of_form(request.form, filters.current_zone())
    after = min(max(after, 0), record_ids.LARGEST)
    test = text_test_form.of_form(request.form, broadcast_text.clean)
    body, about = broadcast_text.clean(request.form.get("body", "")), composed_for.of_form(request.form)
    chosen, again = choices.of_form(request.form), recurrence_form.of_form(request.form)
    return Draft(plan, body, after, choices=chosen, about=about, again=again, test=test)

"""The composer of a broadcast: advice while typing, the question before sending; and Deliverability by itself."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from flask import make_response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from optin import clock
from optin.consent import audience_counts, follow_up
from optin.consent.audience import AudienceQuestion, Deliverability
from optin.database.session import db
from optin.enums import Audience, Reason
from optin.features.campaigns import compose, cost, empty_advice, page, queries, short_links, two_texts
from optin.features.campaigns.blueprint import CAMPAIGN, blueprint, load
from optin.features.campaigns.campaign_request import CampaignRequest, question
from optin.features.campaigns.compose import Draft
from optin.models import Campaign
from optin.queries import message_templates
from optin.sending import brakes, broadcast_cost, broadcast_text, first_line, gate, leavers
from optin.texts import choices, recurrence_form, segments, send_time, text_test_form
from optin.texts.pace_words import pace_words
from optin.web import composed_for, filters, record_ids
from optin.web.extensions import only_reads
from optin.web.record_ids import record_id

SAME_TEXT_WITHIN = timedelta(days=1)


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
    session, part = db.session(), draft.about.follow_up
    shown = compose.request_for(session, campaign, draft)
    sender, given = shown.sender, shown.question.policy
    looked = two_texts.look_at(session, shown.question, draft)
    refused = [*draft.plan.faults(clock.now()), *filter(None, [draft.again.fault(draft.plan)])]
    times = (None, None) if refused else (draft.plan.starts_at, draft.plan.not_after)
    asked = question(session, campaign, sender, *times, follow_up=part)
    empty = empty_advice.counted(session, asked, *draft.texts)
    empty_fields, leaves_out_often = compose.left_out_by(session, draft), draft.choices.leaves_out_often
    asked = replace(asked, empty_fields=empty_fields, leaves_out_often=leaves_out_often)
    counts = audience_counts.deliverability(session, asked)
    people, late = compose.sends_to(counts, given), counts.reasons.get(Reason.TOO_LATE, 0)
    of_broadcast = compose.of_broadcast(session, draft)
    if part and (fault := follow_up.fault(of_broadcast, campaign.id)):
        refused.append(fault)
    refused += [
        *broadcast_text.faults_of(session, [each.body for each in looked.each], asked.channel),
        *two_texts.faults(draft, people),
        *broadcast_text.hindrances(
            sender,
            counts.total,
            people,
            late,
            follow_up=part,
            empty=counts.having(Reason.EMPTY_FIELD),
            often=counts.having(Reason.OFTEN_TEXTED),
        ),
    ]
    shut = gate.why_closed(session)
    if shut and not draft.plan.later:
        refused.append(shut)
    refused += broadcast_text.too_long_of([each.worst for each in looked.each]) if not refused else []
    if refused:
        return page.render(campaign, "broadcasts", status=422, draft=replace(draft, refused=refused))
    context: dict[str, object] = {"counts": counts, "rows": compose.rows(counts), "sender": sender, "draft": draft}
    context |= {"look": looked.first, "other": looked.other, "worst": looked.worst}
    context["test"] = two_texts.words(draft, people)
    context["link_offer"] = short_links.offer(draft.texts, given.short_domain)
    context |= {"people": people, "late": late, "has_hours": given.sending_hours}
    dearer, spread = looked.dearer(session, asked, people)
    rate = sender.segments_per_second if sender else None
    context |= {"spread": spread, "pace": pace_words(spread.total, rate, draft.plan.spread), "shut": shut}
    if sender:
        context["cost"] = cost.of_draft(session, asked, dearer, spread, sender, draft.plan)
    sizes = (given.canary_least, given.canary_percent)
    context["first"] = brakes.canary_size(people, *sizes) if draft.choices.canary else 0
    context["read_late"] = compose.read_late(session, campaign, sender, draft) if counts.will_wait else None
    since, besides = clock.now() - SAME_TEXT_WITHIN, [draft.about.changes] if draft.about.changes else []
    if part and part.audience is Audience.MISSED:
        besides.append(part.broadcast_id)
    context["before"] = queries.sent_before(session, campaign.id, draft.texts, since, besides=besides)
    context |= {"of_broadcast": of_broadcast, "empty": empty}
    context |= {"recurrence": draft.again.recurrence(draft.plan), "recurs": compose.recurs(session, draft)}
    few = people <= broadcast_cost.LARGE
    context["silent"] = first_line.count(session, asked) if few else 0
    context |= _many_texts(session, asked, counts, draft, few=few)
    says_it = all(first_line.is_in(body) for body in draft.texts)
    context |= {"says_first_line": says_it, "first_line_days": given.first_line_days}
    return make_response(render_template("campaigns/confirm.html", campaign=campaign, form_key=uuid4(), **context))


def _many_texts(
    session: Session, asked: AudienceQuestion, counts: Deliverability, draft: Draft, *, few: bool
) -> dict[str, object]:
    """Return what is said of those who got many texts lately: how many they are and how many of them leave.

    None: of very many people they are not counted.
    """
    many: int | None = counts.having(Reason.OFTEN_TEXTED)
    if not draft.choices.leaves_out_often:
        many = leavers.count_often(session, asked) if few else None
    return {"often": many, "losses": leavers.known(session) if many != 0 else None}


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

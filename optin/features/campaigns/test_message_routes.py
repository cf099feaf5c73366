"""“Send me a test”: the composer's text goes to the user's own verified number, whatever becomes of the broadcast."""

from dataclasses import replace
from functools import partial

from flask import flash, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin import phone
from optin.database.session import db
from optin.enums import Channel
from optin.features.campaigns import compose, page, short_links
from optin.features.campaigns.blueprint import CAMPAIGN, blueprint, load
from optin.features.campaigns.campaign_request import chosen_sender, question
from optin.features.campaigns.compose import Draft
from optin.features.campaigns.compose_routes import typed_draft
from optin.jobs import engine
from optin.models import Campaign, User
from optin.queries import saved_draft
from optin.refused import Refused
from optin.sending import broadcast_text, test_number
from optin.short_links import keeping
from optin.texts import links
from optin.web import htmx
from optin.web.current import current_policy
from optin.web.extensions import limiter
from optin.web.filters import default_region

LIMIT = "6 per minute;60 per hour"


@blueprint.post(f"{CAMPAIGN}/broadcasts/test")
@limiter.limit(LIMIT, key_func=lambda: f"tests of {current_user.id}")
def send_test(campaign_id: int) -> Response:
    """Text the message, as it reads for the previewed member, to the user's own verified number.

    Who has none is led to where it is verified; what was typed is kept meanwhile.
    """
    campaign, draft, session = load(campaign_id), typed_draft(), db.session()
    user: User = current_user._get_current_object()
    if user.mobile is None:
        saved_draft.keep(session, user.id, campaign.id, {**request.form.to_dict(), "body": draft.body})
        session.commit()
        return htmx.redirect(_where_to_verify(campaign))
    refused = _text(campaign, draft, user)
    saved_draft.drop(session, user.id, campaign.id)
    session.commit()
    engine.nudge()
    return _answer(campaign, replace(draft, refused=refused), user)


def _text(campaign: Campaign, draft: Draft, user: User) -> list[str]:
    """Put the test into the outbox, of two texts one of each; return sentences if that can't be."""
    session, sender = db.session(), chosen_sender()
    sent = short_links.as_sent(draft, current_policy())
    faults = broadcast_text.faults_of(session, sent.texts, sender.channel if sender else Channel.SMS)
    refused = [*faults, *broadcast_text.hindrances(sender, 1, 1)]
    if refused or sender is None:
        return refused
    asked = question(session, campaign, sender, follow_up=draft.about.follow_up)
    if draft.choices.shortens:
        draft = draft.rewritten(partial(links.shortened, short=keeping.of_test(session, draft.texts)))
    looked = [each for each in compose.previews(session, asked, draft).values() if each]
    if too_long := broadcast_text.too_long_of([each.size for each in looked]):
        return too_long
    done = [test_number.text_test(session, user, sender, each.preview) for each in looked]
    return list(dict.fromkeys(each.sentence for each in done if isinstance(each, Refused)))


def _answer(campaign: Campaign, draft: Draft, user: User) -> Response:
    """Say what came of it beside the composer as it was typed: where there is JavaScript nothing else changes."""
    what = "A test of each text" if draft.test else "A test"
    sent = f"{what} is on its way to {phone.display(user.mobile or '', default_region())}."
    if not draft.refused or htmx.is_htmx():
        flash(" ".join(draft.refused) or sent, "bad" if draft.refused else "ok")
    if htmx.is_htmx():
        return make_response(render_template("_flash_oob.html"))
    return page.render(campaign, "broadcasts", status=422 if draft.refused else 200, draft=draft)


def _where_to_verify(campaign: Campaign) -> str:
    sender = chosen_sender()
    back = url_for(".show", campaign_id=campaign.id, tab="broadcasts", sender=sender.id if sender else None)
    return url_for("auth.account", next=back, _anchor="number")

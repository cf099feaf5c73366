"""The blueprint of the settings, and the country whose numbers every page shows in national format."""

import json

from flask import Blueprint, current_app, g, request

from optin import navigation
from optin.access import is_public
from optin.extensions import db
from optin.messaging import gate
from optin.models import Setting

blueprint = Blueprint("settings", __name__)
blueprint.record_once(lambda state: navigation.warn(state.app, gate.warning))


@blueprint.before_app_request
def show_numbers_as_at_home() -> None:
    """Tell the filters the default country of numbers; without a setting they take the configured one."""
    if request.endpoint and not is_public(current_app, request.endpoint):
        stored = db.session.get(Setting, "default_region")
        g.region = json.loads(stored.value) if stored else None

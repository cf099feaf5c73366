"""The blueprint of the settings, and the country whose numbers every page shows in national format."""

import json

from flask import Blueprint, current_app, g, request

from optin.sending import gate, pauses
from optin.web import navigation
from optin.web.access import is_public
from optin.web.current import current_settings
from optin.witnesses import records

blueprint = Blueprint("settings", __name__)
blueprint.record_once(lambda state: navigation.warn(state.app, gate.may_be_deaf, gate.warning))
blueprint.record_once(lambda state: navigation.warn(state.app, pauses.are_open, pauses.warning))
blueprint.record_once(lambda state: navigation.warn(state.app, records.is_disputed, records.warning))


@blueprint.before_app_request
def show_numbers_as_at_home() -> None:
    """Tell the filters the default country of numbers; without a setting it is the configured one."""
    if request.endpoint and not is_public(current_app, request.endpoint):
        stored = current_settings().settings.get("default_region")
        g.region = json.loads(stored) if stored else None

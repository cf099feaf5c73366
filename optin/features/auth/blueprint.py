"""The blueprint of signing in, one's own account and users; and the zone that its user sees times in."""

from flask import Blueprint, current_app, g, request
from flask_login import current_user

from optin.web.access import is_public

blueprint = Blueprint("auth", __name__)


@blueprint.before_app_request
def show_times_in_the_users_zone() -> None:
    """Tell the filters in whose time zone times are shown."""
    if request.endpoint and not is_public(current_app, request.endpoint) and current_user.is_authenticated:
        g.time_zone = current_user.time_zone

"""The blueprint of the review; routes.py and correction_routes.py put their addresses on it."""

from flask import Blueprint

from optin.features.review import records
from optin.web import navigation

blueprint = Blueprint("review", __name__)
blueprint.record_once(lambda state: navigation.badge(state.app, "/review", records.open_holds))

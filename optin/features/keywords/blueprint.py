"""The blueprint of keywords; routes.py and share_routes.py put their addresses on it."""

from flask import Blueprint, abort

from optin.database.session import db
from optin.models import Keyword

blueprint = Blueprint("keywords", __name__)


def load(keyword_id: int, *, to_change: bool = False) -> Keyword:
    """Return the keyword or end with 404; `to_change` lets one user at a time change it."""
    keyword = db.session.get(Keyword, keyword_id, with_for_update=to_change)
    if keyword is None:
        abort(404)
    return keyword

"""The page of the search in the bar."""

from flask import Blueprint, render_template

from optin import phone
from optin.consent import consent_status
from optin.database.session import db
from optin.features.search import queries
from optin.refused import Refused
from optin.web import lists
from optin.web.current import current_policy

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
def results() -> str:
    """Show what was found, by kind; without a text, what one can look for."""
    session, text = db.session(), lists.search()
    found = queries.find(session, text) if text else None
    people = [*found.contacts, *found.leads] if found else []
    number = phone.normalise(text, current_policy().default_region)
    return render_template(
        "search/results.html",
        text=text,
        found=found,
        number=None if isinstance(number, Refused) else number,
        shown=queries.SHOWN,
        number_statuses=consent_status.of_numbers(session, [person.mobile for person in people]),
        no_opt_in=consent_status.NO_OPT_IN,
    )

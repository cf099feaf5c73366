"""The list of numbers that asked for no more messages at all, and the same as a file."""

from collections.abc import Iterator, Sequence

from flask import Response, render_template
from sqlalchemy.orm import Session

from optin import clock, phone
from optin.consent import phrase_opt_outs
from optin.database.session import db
from optin.enums import Role
from optin.features.settings import queries
from optin.features.settings.blueprint import blueprint
from optin.models import Suppression
from optin.policy import policy
from optin.queries import people_of_numbers
from optin.web import lists
from optin.web.access import requires
from optin.web.lists import Column, Listing

COLUMNS = (
    Column("Mobile phone", "number", [Suppression.number, Suppression.id]),
    Column("Contact or lead"),
    Column("Text"),
    Column("Opted out", "when", [Suppression.id], descending=True),
)
TITLES = ("Contact or lead", "Mobile phone", "Text", "Opted out")


@blueprint.get("/settings/opted-out")
def opted_out() -> str:
    """List the numbers that are opted out, the newest first, or look for one."""
    session, listing = db.session(), _listing()
    page = listing.page(session, queries.opted_out(_number(session, listing)))
    shown = people_of_numbers.of_numbers(session, [row.number for row in page.rows])
    texts = queries.texts_of(session, page.rows)
    read = phrase_opt_outs.of_messages(session, [row.message_id for row in page.rows])
    young = {key: row.id for key, row in read.items() if phrase_opt_outs.is_young(row, clock.now())}
    context = {"listing": listing, "page": page, "people": shown, "texts": texts, "correctable": young}
    return render_template("settings/opted_out.html", **context)


@blueprint.get("/settings/opted-out/file")
@requires(Role.AGENT)
def opted_out_file() -> Response:
    """Give the numbers that the list shows as a file."""
    listing = _listing()

    def cells(session: Session, rows: Sequence[Suppression]) -> Iterator[Sequence[object]]:
        having = people_of_numbers.of_numbers(session, [row.number for row in rows])
        texts = queries.texts_of(session, rows)
        for row in rows:
            names = ", ".join(person.name for person in having.get(row.number, []))
            yield names, row.number, texts.get(row.message_id, ""), row.started_at

    query = queries.opted_out(_number(db.session(), listing))
    return lists.download("opted-out", TITLES, listing, query, cells)


def _listing() -> Listing:
    return Listing(
        COLUMNS,
        "-when",
        "settings.opted_out",
        filters={"q": lists.search()},
        file_endpoint="settings.opted_out_file",
    )


def _number(session: Session, listing: Listing) -> str | None:
    """Return the number looked for as it is stored, "" for what is none, None when nothing is looked for."""
    text = listing.filters["q"]
    try:
        return phone.normalise(text, policy.load(session).default_region) if text else None
    except phone.NotANumber:
        return ""

"""Sharing a keyword: the page that is also a dialog, the QR code as a file, the poster; images of what people see."""

from flask import Response, abort, render_template, request

from optin.database.session import db
from optin.features.keywords import sharing
from optin.features.keywords.blueprint import blueprint, load
from optin.features.keywords.invitation import Invitation
from optin.models import DisclosureImage, Keyword
from optin.web import given_files


@blueprint.get("/keywords/<int:keyword_id>/share")
def share(keyword_id: int) -> str:
    """Show the QR code and the link; the record page shows the same piece of it in a dialog."""
    return render_template("keywords/share.html", **sharing.context(db.session(), load(keyword_id), _sender_id()))


@blueprint.get("/keywords/<int:keyword_id>/poster")
def poster(keyword_id: int) -> str:
    return render_template("keywords/poster.html", **sharing.context(db.session(), load(keyword_id), _sender_id()))


@blueprint.get("/keywords/<int:keyword_id>/code.svg")
def code_svg(keyword_id: int) -> Response:
    """Give the QR code as a drawing."""
    return Response(_invitation(load(keyword_id)).svg, mimetype="image/svg+xml")


@blueprint.get("/keywords/<int:keyword_id>/code.png")
def code_png(keyword_id: int) -> Response:
    """Give the QR code as a picture."""
    return Response(_invitation(load(keyword_id)).png, mimetype="image/png")


@blueprint.get("/keywords/images/<int:image_id>")
def image(image_id: int) -> Response:
    """Give an image of what people were told."""
    found = db.session.get(DisclosureImage, image_id) or abort(404)
    return given_files.answer(found, given_files.STAYS_THE_SAME)


def _invitation(keyword: Keyword) -> Invitation:
    return sharing.invitation(db.session(), keyword, _sender_id())


def _sender_id() -> int | None:
    return request.args.get("sender", type=int)

"""The proof of an opt-in or of a number: a page that everybody reads, and the files, which are downloads."""

from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for
from flask_login import current_user

from optin import clock, phone
from optin.consent.proof import up_to_date
from optin.consent.proof.keeper import Keeper
from optin.database.session import db
from optin.database.transactions import reading
from optin.enums import Role
from optin.models import OptIn
from optin.models.consent import opt_in_name
from optin.proof import collecting, package, pdf, wording
from optin.proof.collecting import Asked
from optin.proof.material import is_covered
from optin.queries import people_of_numbers
from optin.web import access, downloads
from optin.web.access import requires
from optin.web.current import current_policy

blueprint = Blueprint("proofs", __name__)
OPT_IN, NUMBER = "/opt-ins/<int:opt_in_id>/proof", "/numbers/<number>/proof"
IN_MEMORY, PIECE = 4 * 2**20, 2**16
TYPES = {".zip": "application/zip", ".pdf": "application/pdf"}


@blueprint.get(OPT_IN)
def opt_in(opt_in_id: int) -> str:
    """Show what proves an opt-in, or its end."""
    return _page(_of_opt_in(opt_in_id))


@blueprint.get(NUMBER)
def number(number: str) -> str:
    """Show what proves the consents of a number, or that there are none."""
    return _page(_of_number(number))


@blueprint.get(f"{OPT_IN}/file")
@requires(Role.AGENT)
@access.downloads
def opt_in_file(opt_in_id: int) -> Response:
    return _zip(_of_opt_in(opt_in_id))


@blueprint.get(f"{NUMBER}/file")
@requires(Role.AGENT)
@access.downloads
def number_file(number: str) -> Response:
    return _zip(_of_number(number))


@blueprint.get(f"{OPT_IN}/pdf")
@requires(Role.AGENT)
@access.downloads
def opt_in_pdf_file(opt_in_id: int) -> Response:
    return _pdf(_of_opt_in(opt_in_id))


@blueprint.get(f"{NUMBER}/pdf")
@requires(Role.AGENT)
@access.downloads
def number_pdf_file(number: str) -> Response:
    return _pdf(_of_number(number))


def _of_opt_in(opt_in_id: int) -> Asked:
    found = db.session.get(OptIn, opt_in_id) or abort(404)
    return _asked(found.number, found.id)


def _of_number(number: str) -> Asked:
    return _asked(number) if phone.is_e164(number) else abort(404)


def _asked(number: str, opt_in_id: int | None = None) -> Asked:
    policy = current_policy()
    return Asked(number, opt_in_id, policy.default_region, policy.brand, current_user.name)


def _page(asked: Asked) -> str:
    session = db.session()
    proof = collecting.collect(session, asked)
    about = {"opt_in_id": asked.opt_in_id} if asked.opt_in_id else {"number": asked.number}
    kind = "opt_in" if asked.opt_in_id else "number"
    return render_template(
        "proofs/show.html",
        proof=proof,
        people=people_of_numbers.of_numbers(session, [asked.number]).get(asked.number, []),
        may_download=access.may_read(current_app, current_user, f"proofs.{kind}_file"),
        zip_url=url_for(f".{kind}_file", **about),
        pdf_url=url_for(f".{kind}_pdf_file", **about),
        is_covered=is_covered,
        moment=wording.moment,
        from_goodbye=wording.from_goodbye,
    )


def _zip(asked: Asked) -> Response:
    """Give the ZIP. What is new is sealed first, so that all of it can be checked."""
    told, keeper, since = _begin(asked, "ZIP"), _seal(), request.args.get("since", type=int)
    with ExitStack() as opened, reading(db.engine) as session:
        file = opened.enter_context(SpooledTemporaryFile(IN_MEMORY))
        proof = package.write(session, asked, keeper, file, since)
        rows = proof.event_count + proof.message_count
        return _answer(file, opened.pop_all(), told, f"{proof.name}.zip", rows)


def _pdf(asked: Asked) -> Response:
    told, _ = _begin(asked, "PDF"), _seal()
    with ExitStack() as opened, reading(db.engine) as session:
        file = opened.enter_context(SpooledTemporaryFile(IN_MEMORY))
        proof = collecting.collect(session, asked, package.IN_PDF)
        file.write(pdf.render(proof, lambda each: collecting.content(session, each)))
        rows = len(proof.events) + len(proof.messages)
        return _answer(file, opened.pop_all(), told, f"{proof.name}.pdf", rows)


def _seal() -> Keeper:
    keeper = Keeper.of(current_app.config["OPTIN"])
    up_to_date.seal_and_sign(db.engine, keeper, clock.now())
    return keeper


def _begin(asked: Asked, kind: str) -> int:
    of = opt_in_name(asked.opt_in_id) if asked.opt_in_id else asked.number
    return downloads.begin(db.engine, current_user.id, "proof", {"of": of, "as": kind})


def _answer(file: IO[bytes], opened: ExitStack, told: int, name: str, rows: int) -> Response:
    """Answer with a file that has been written; `opened` closes it in the end."""
    size = file.tell()
    file.seek(0)
    parts = downloads.counted(db.engine, told, _pieces(file, size, rows))
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(size),
        "Cache-Control": "no-store",
    }
    response = Response(parts, mimetype=TYPES[name[-4:]], headers=headers)
    response.call_on_close(parts.close)
    response.call_on_close(opened.close)
    return response


def _pieces(file: IO[bytes], size: int, rows: int) -> Iterator[tuple[bytes, int]]:
    """Yield the file in pieces; its rows are counted once all of it has left."""
    while piece := file.read(PIECE):
        yield piece, rows if file.tell() == size else 0

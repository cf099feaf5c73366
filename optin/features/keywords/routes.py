"""Opt-in keywords: list, record page with its live list of opt-ins, form, keyword check, archiving, deleting."""

from collections.abc import Collection

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WSGIResponse

from optin.consent import promises
from optin.database.session import db
from optin.enums import Per, Role
from optin.evidence import keeping
from optin.features.keywords import (
    as_of_routes,
    check,
    index_list,
    opt_in_list,
    proofs_routes,
    queries,
    record,
    saving,
    share_routes,
)
from optin.features.keywords.blueprint import blueprint, load
from optin.features.keywords.forms import DOUBLE, SINGLE, KeywordForm, one_spelling
from optin.features.keywords.saving import KeywordContent
from optin.models import Disclosure, DisclosureImage, Keyword
from optin.models.keyword import CONFIRMATION, QUESTION
from optin.queries.cached_counts import CachedCount
from optin.refused import Refused
from optin.web import refusals
from optin.web.access import downloads, requires
from optin.web.current import current_policy
from optin.web.filters import plural

__all__ = ["as_of_routes", "blueprint", "proofs_routes", "share_routes"]


@blueprint.get("/keywords")
def index() -> str:
    session, listing = db.session(), index_list.listing()
    page = listing.page(session, index_list.query(listing))
    return render_template(
        "keywords/index.html",
        listing=listing,
        page=page,
        rows=index_list.rows(session, page.rows),
        any_keyword=bool(page.rows) or queries.any_keyword(session),
    )


@blueprint.get("/keywords/file")
def index_file() -> Response:
    return index_list.file()


@blueprint.get("/keywords/new")
@requires(Role.AGENT)
def new() -> str:
    """Show the empty form."""
    return _form_page(_form(confirmation=CONFIRMATION, question=QUESTION))


@blueprint.post("/keywords")
def create() -> WSGIResponse:
    """Store a new keyword and lead to its record."""
    form = _form()
    is_valid, image = form.validate(), _image(form)
    made = saving.create(db.session(), form.content(image), current_user.id) if is_valid else None
    if not isinstance(made, Keyword):
        return _refused(form, made)
    db.session.commit()
    flash(f"Keyword “{made.word}” was created. Anyone who texts it from now on opts in.", "ok")
    _flash_warnings(made)
    return redirect(url_for(".show", keyword_id=made.id), 303)


@blueprint.get("/keywords/check")
def check_word() -> str:
    """Give advice on a word while it is typed (fragment)."""
    keyword_id = request.args.get("keyword_id", 0, type=int)
    return render_template("keywords/_check.html", advice=_advice(one_spelling(request.args.get("word")), keyword_id))


@blueprint.get("/keywords/<int:keyword_id>")
def show(keyword_id: int) -> str:
    """Show the record page."""
    tab = request.args.get("tab", "")
    return render_template("keywords/show.html", **record.context(db.session(), load(keyword_id), tab))


@blueprint.get("/keywords/<int:keyword_id>/opt-ins")
def opt_ins(keyword_id: int) -> WSGIResponse:
    """Give the list of opt-ins (fragment); 204 while it is still the `version` that the page has."""
    keyword = load(keyword_id)
    context = record.opt_ins_context(db.session(), keyword)
    version = request.args.get("version")
    if version == context["listed"].version:
        return Response(status=204)
    figures = record.figures(db.session(), keyword)
    html = render_template("keywords/_opt_ins.html", live=True, figures=figures, **context)
    response = make_response(html)
    if version is None:
        response.headers["HX-Replace-Url"] = context["listing"].url()
    return response


@blueprint.get("/keywords/<int:keyword_id>/opt-ins/file")
@requires(Role.AGENT)
@downloads
def opt_ins_file(keyword_id: int) -> Response:
    return opt_in_list.file(load(keyword_id))


@blueprint.get("/keywords/<int:keyword_id>/edit")
@requires(Role.AGENT)
def edit(keyword_id: int) -> str:
    """Show the form with what is stored."""
    keyword = load(keyword_id)
    stored = KeywordContent.of(keyword)
    promise = stored.promise or promises.read(f"{stored.disclosure}\n{stored.frequency}")
    fields = {
        **vars(stored),
        "image": None,
        "aliases": ", ".join(stored.aliases),
        "opt_in": DOUBLE if stored.double_opt_in else SINGLE,
        "promised_most": promise.most if promise else None,
        "promised_per": promise.per if promise else Per.MONTH,
    }
    return _form_page(_form(**fields), keyword)


@blueprint.post("/keywords/<int:keyword_id>")
def update(keyword_id: int) -> WSGIResponse:
    """Store what was changed."""
    keyword, form = load(keyword_id, to_change=True), _form()
    before = {keyword.word, *keyword.aliases}
    is_valid, image = form.validate(), _image(form, saving.current_disclosure(keyword))
    changed = saving.change(db.session(), keyword, form.content(image), current_user.id) if is_valid else None
    if not isinstance(changed, list):
        return _refused(form, changed, keyword)
    db.session.commit()
    flash(f"Saved. Changed: {', '.join(changed)}." if changed else "Nothing was changed.", "ok" if changed else "off")
    _flash_warnings(keyword, before)
    return redirect(url_for(".show", keyword_id=keyword_id), 303)


@blueprint.post("/keywords/<int:keyword_id>/archive")
def archive(keyword_id: int) -> WSGIResponse:
    """Archive the keyword, or bring it back when `archived` is 0."""
    keyword = load(keyword_id, to_change=True)
    archived = request.form.get("archived") != "0"
    active = queries.active_counts(db.session(), [keyword_id])[keyword_id]
    extra = current_policy().extra_opt_out_words
    changed = saving.archive(db.session(), keyword, current_user.id, archived=archived, extra_opt_out=extra)
    if isinstance(changed, Refused):
        flash(changed.sentence, "warn")
        return redirect(url_for(".show", keyword_id=keyword_id), 303)
    db.session.commit()
    flash(_archived_notice(keyword.word, archived, changed, active), "ok" if changed else "off")
    return redirect(url_for(".show", keyword_id=keyword_id), 303)


@blueprint.post("/keywords/<int:keyword_id>/deletion")
def delete(keyword_id: int) -> WSGIResponse:
    """Delete the keyword if nothing points to it."""
    keyword = load(keyword_id, to_change=True)
    word = keyword.word
    if refused := saving.remove(db.session(), keyword, current_user.id):
        db.session.rollback()
        refusals.show(refused, tone="bad")
        return redirect(url_for(".show", keyword_id=keyword_id), 303)
    db.session.commit()
    flash(f"Keyword “{word}” was deleted.", "ok")
    return redirect(url_for(".index"), 303)


def _form(**fields: object) -> KeywordForm:
    return KeywordForm(extra_opt_out=current_policy().extra_opt_out_words, **fields)


def _form_page(form: KeywordForm, keyword: Keyword | None = None) -> str:
    advice = _advice(form.word.data, keyword.id if keyword else 0)
    image = _image(form, saving.current_disclosure(keyword) if keyword else None)
    return render_template("keywords/form.html", form=form, keyword=keyword, advice=advice, image=image)


def _refused(form: KeywordForm, refused: Refused | None, keyword: Keyword | None = None) -> WSGIResponse:
    """Show the form as typed; an image that came with it is kept in the database meanwhile."""
    if refused:
        refusals.show(refused, form)
    page = _form_page(form, keyword)
    db.session.commit()
    return make_response(page, 422)


def _image(form: KeywordForm, told: Disclosure | None = None) -> DisclosureImage | None:
    """Return the image that the form shows: one just chosen, one chosen before it was refused, or that of `told`."""
    if form.picture:
        form.kept_image.data = str(keeping.keep_image(db.session(), form.picture, current_user.id))
    return keeping.find(db.session(), DisclosureImage, form.kept_image.data) or (told.image if told else None)


def _advice(word: str, keyword_id: int) -> list[check.Advice]:
    extra = current_policy().extra_opt_out_words
    return check.advise(db.session(), word, extra_opt_out=extra, keyword_id=keyword_id)


def _flash_warnings(keyword: Keyword, before: Collection[str] = ()) -> None:
    """Say once more, with what was saved, what speaks against the words that are new: advice, nothing is undone."""
    for word in (keyword.word, *keyword.aliases):
        for one in _advice(word, keyword.id) if word not in before else ():
            if one.tone == "warn":
                flash(f"“{word}”: {one.sentence}", "warn")


def _archived_notice(word: str, archived: bool, changed: bool, active: CachedCount) -> str:
    if not changed:
        return f"“{word}” was already {'archived' if archived else 'active'}."
    if archived:
        stay = plural(active, "active opt-in stays as it is", "active opt-ins stay as they are")
        return f"“{word}” is archived: texting it no longer opts anyone in. Its {stay}."
    return f"“{word}” is active again: anyone who texts it opts in."

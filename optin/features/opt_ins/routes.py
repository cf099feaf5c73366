"""Opt-ins: the record page, ending one with a reason, recording one that was given elsewhere."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import SelectField, ValidationError
from wtforms.fields import Field, SelectChoice
from wtforms.validators import InputRequired, Length

from optin import clock, phone
from optin.consent import consent_status, ledger, phrase_opt_outs
from optin.consent.events import Act
from optin.consent.ledger import LIVE, OptInOutcome, OptInResult
from optin.database.session import db
from optin.enums import ConsentWay, EndReason, OptInSource, Role
from optin.features.opt_ins import records
from optin.models import Keyword, OptIn
from optin.queries import people_of_numbers
from optin.web import filters
from optin.web.access import requires
from optin.web.current import current_policy
from optin.web.fields import Line, PhoneNumber, Text

blueprint = Blueprint("opt_ins", __name__)
NOT_TAKEN = (OptInOutcome.NOT_REVIVED, OptInOutcome.TOO_OLD)
LONGEST_TEXT = 1000


class EndForm(FlaskForm):  # type: ignore[misc]
    """Why a user ends an opt-in."""

    reason = Line("Reason", [Length(max=LONGEST_TEXT)])

    def validate_reason(self, field: Field) -> None:
        """Ask for a reason: it becomes part of the ledger."""
        if not field.data:
            raise ValidationError(
                "Say why you are ending it, such as “asked by telephone”. It becomes part of the proof."
            )


class RecordForm(FlaskForm):  # type: ignore[misc]
    """An opt-in that somebody gave on paper, by telephone or in person."""

    number = PhoneNumber("Mobile phone")
    keyword = SelectField("Keyword", coerce=int, validators=[InputRequired("Choose a keyword.")])
    comment = Text("How and when they agreed", [Length(max=LONGEST_TEXT)])

    def __init__(self, *args: object, keywords: Sequence[Keyword], **kwargs: object) -> None:
        """Make the form with the keywords that one can opt in with."""
        super().__init__(*args, **kwargs)
        self.keyword.choices = [SelectChoice(str(keyword.id), keyword.word) for keyword in keywords]

    def validate_comment(self, field: Field) -> None:
        """Ask for what proves the consent."""
        if not field.data:
            raise ValidationError("Say how and when they agreed, such as “paper form, 3 May”. It is the proof.")


@blueprint.get("/opt-ins/<int:opt_in_id>")
def show(opt_in_id: int) -> str:
    """Show the record page."""
    return _page(_load(opt_in_id), EndForm())


@blueprint.post("/opt-ins/<int:opt_in_id>/end")
def end(opt_in_id: int) -> Response:
    """End the opt-in by this user's decision, with the reason."""
    opt_in, form = _load(opt_in_id), EndForm()
    if not form.validate():
        return make_response(_page(opt_in, form), 422)
    ended = ledger.end_opt_in(db.session(), opt_in_id, _act(form.reason.data))
    db.session.commit()
    if ended:
        flash(f"{opt_in.name} was ended. Campaigns with “{opt_in.keyword.word}” no longer reach this number.", "ok")
    else:
        flash(f"{opt_in.name} had already ended. Nothing was changed.", "warn")
    return redirect(url_for(".show", opt_in_id=opt_in_id), 303)


@blueprint.get("/opt-ins/new")
@requires(Role.AGENT)
def new() -> str:
    """Show the form to record an opt-in that was given elsewhere."""
    form = _record_form(number=request.args.get("number", ""), keyword=request.args.get("keyword", type=int))
    return render_template("opt_ins/new.html", form=form)


@blueprint.post("/opt-ins")
def create() -> Response:
    """Record an opt-in that was given elsewhere, unless the person has left since."""
    form = _record_form()
    if not form.validate():
        return make_response(render_template("opt_ins/new.html", form=form), 422)
    keyword = db.session.get_one(Keyword, form.keyword.data)
    comment = form.comment.data
    number, region = form.number.e164, current_policy().default_region
    result = ledger.opt_in(db.session(), number, keyword, _act(comment), comment=comment)
    if result.outcome in NOT_TAKEN:
        form.number.errors = [_why_not(number, keyword, region)]
        db.session.rollback()
        return make_response(render_template("opt_ins/new.html", form=form), 422)
    db.session.commit()
    flash(*_notice(result, phone.display(number, region), keyword.word))
    return redirect(url_for(".show", opt_in_id=result.opt_in_id), 303)


def _load(opt_in_id: int) -> OptIn:
    return db.session.get(OptIn, opt_in_id) or abort(404)


def _act(text: str) -> Act:
    return Act(source=OptInSource.USER, at=clock.now(), actor_id=current_user.id, text=text)


def _page(opt_in: OptIn, form: EndForm) -> str:
    session = db.session()
    opt_out = records.phrase_opt_out(session, opt_in)
    context: dict[str, Any] = {
        "opt_in": opt_in,
        "form": form,
        "opt_out": opt_out if opt_out and phrase_opt_outs.is_young(opt_out, clock.now()) else None,
        "number_status": consent_status.of_number(session, opt_in.number),
        "is_live": opt_in.status in LIVE,
        "source": OptInSource(opt_in.source),
        "way": ConsentWay(opt_in.evidence["way"]) if opt_in.evidence and opt_in.evidence.get("way") else None,
        "sender": records.sender(session, opt_in),
        "people": people_of_numbers.of_opt_ins(session, [opt_in]).get(opt_in.id, []),
        "blocked_scopes": records.blocked_scopes(session, opt_in.number),
        "conversation_id": records.conversation_id(session, opt_in),
        "timeline": records.timeline(session, opt_in),
    }
    return render_template("opt_ins/show.html", **context)


def _record_form(**fields: object) -> RecordForm:
    return RecordForm(keywords=records.active_keywords(db.session()), **fields)


def _why_not(number: str, keyword: Keyword, region: str) -> str:
    """Say why the ledger does not take it: what a person ended, only the person can begin again."""
    how, when = records.left(db.session(), number, keyword.id)
    since = f" ({filters.when(when)})" if when else ""
    did = f"answered no to “{keyword.word}”" if how == EndReason.DECLINED else "opted out"
    return (
        f"{phone.display(number, region)} has {did}{since}. "
        f"Only the person can opt in again: ask them to text “{keyword.word}”."
    )


def _notice(result: OptInResult, number: str, word: str) -> tuple[str, str]:
    if result.outcome == OptInOutcome.REAFFIRMED:
        return f"{number} was already opted in with “{word}”. Your note was added to its ledger.", "off"
    return f"{number} is now opted in with “{word}”. No text was sent.", "ok"

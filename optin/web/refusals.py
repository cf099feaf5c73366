"""Showing why something was refused: at the field of the form that it is about, else as a notice on the page."""

from flask import flash
from flask_wtf import FlaskForm

from optin.refused import Refused


def show(refused: Refused, form: FlaskForm | None = None, tone: str = "warn") -> None:
    """Put each sentence to its field of `form`; what is about none of them becomes a notice in the `tone`."""
    for each in refused:
        if form is not None and each.field in form:
            field = form[each.field]
            field.errors = [*field.errors, each.sentence]
        else:
            flash(each.sentence, tone)

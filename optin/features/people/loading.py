"""Loading the person that an address names, and sharing one view between contacts and leads."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import abort

from optin.database.session import db
from optin.enums import PersonKind
from optin.features.people.blueprint import blueprint
from optin.models import Person

View = TypeVar("View", bound=Callable[..., Any])
RECORD = "/<int:person_id>"


def route(path: str, endpoint: str, methods: list[str] | None = None) -> Callable[[View], View]:
    """Serve a view at /contacts and /leads with `path` behind; "{kind}" in `endpoint` is contact or lead.

    The view gets the kind as its argument `kind`.
    """

    def register(view: View) -> View:
        for kind in PersonKind:
            rule, name = f"/{kind}s{path}", endpoint.format(kind=kind)
            blueprint.add_url_rule(rule, name, view, defaults={"kind": kind}, methods=methods or ["GET"])
        return view

    return register


def load(kind: PersonKind, person_id: int, *, to_change: bool = False) -> Person:
    """Return the person, or answer 404: also where the kind is not theirs. `to_change` lets one at a time change it."""
    lock = {"key_share": True} if to_change else None
    person = db.session.get(Person, person_id, with_for_update=lock)
    return person if person is not None and person.kind == kind else abort(404)

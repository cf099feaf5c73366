"""The proofs of a keyword's opt-ins in one ZIP: those that its list shows."""

from collections.abc import Iterator

from flask import Response, current_app
from flask_login import current_user
from sqlalchemy import Engine, Select

from optin import clock
from optin.consent.proof import up_to_date
from optin.consent.proof.keeper import Keeper
from optin.database.session import db
from optin.database.transactions import reading
from optin.enums import Role
from optin.features.keywords import opt_in_list, opt_ins
from optin.features.keywords.blueprint import blueprint, load
from optin.features.keywords.opt_ins import OptInFilter
from optin.models import OptIn
from optin.proof import bundle
from optin.proof.collecting import Asked
from optin.web import downloads
from optin.web.access import downloads as download
from optin.web.access import requires
from optin.web.current import current_policy

AT_ONCE = 500


@blueprint.get("/keywords/<int:keyword_id>/opt-ins/proofs")
@requires(Role.AGENT)
@download
def proofs_file(keyword_id: int) -> Response:
    """Give the ZIP, proof by proof."""
    keyword, policy = load(keyword_id), current_policy()
    asked, engine, keeper = opt_in_list.listing(keyword), db.engine, Keeper.of(current_app.config["OPTIN"])
    given = OptInFilter(asked.filters["q"], asked.filters["status"])
    query = opt_ins.query(keyword.id, given, opt_ins.found_in_all(keyword.id, given, policy.default_region))
    told = downloads.begin(engine, current_user.id, f"proofs-{keyword.id}", {**asked.values, **asked.filters})
    up_to_date.seal_and_sign(engine, keeper, clock.now())
    whose = Asked("", None, policy.default_region, policy.brand, current_user.name)
    parts = downloads.counted(engine, told, bundle.parts(engine, _ids(engine, query), whose, keeper))
    name = f"proofs-{keyword.id}-{clock.now():%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    response = Response(parts, mimetype="application/zip", headers=headers)
    response.call_on_close(parts.close)
    return response


def _ids(engine: Engine, query: Select[OptIn]) -> Iterator[tuple[int, str]]:
    """Yield the opt-ins with their numbers, reading some at a time."""
    last = 0
    while True:
        some = query.with_only_columns(OptIn.id, OptIn.number).where(OptIn.id > last).order_by(OptIn.id).limit(AT_ONCE)
        with reading(engine) as session:
            rows = session.execute(some).all()
        yield from ((row.id, row.number) for row in rows)
        if len(rows) < AT_ONCE:
            return
        last = rows[-1].id

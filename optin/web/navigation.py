"""What the frame around every page shows: the tabs, and the addresses that differ by configuration."""

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Flask, current_app, g, request
from flask.sansio.app import App
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from optin.config import Config
from optin.database.session import db
from optin.queries import cached_counts
from optin.queries.cached_counts import CachedCount

BRAND = "Optin"


class Tab(NamedTuple):
    """A tab of the bar: its words, its address, whether the page shown belongs to it, and how many wait behind it."""

    label: str
    url: str
    current: bool
    badge: int | CachedCount = 0


class Frame(NamedTuple):
    """The tabs of the bar, and what every page has to say now."""

    tabs: list[Tab]
    warnings: list[str]


# The words, the address, and where else its pages are.
TABS: tuple[tuple[str, ...], ...] = (
    ("Opt-In Keywords", "/keywords", "/opt-ins"),
    ("Campaigns", "/campaigns", "/broadcasts", "/recurring", "/series"),
    ("Contacts", "/contacts", "/imports"),
    ("Leads", "/leads"),
    ("SMS Inbox", "/inbox"),
    ("Review", "/review"),
    ("Settings", "/settings", "/templates"),
)


def init_app(app: Flask) -> None:
    """Make the frame's names known to all templates."""
    config: Config = app.config["OPTIN"]
    app.jinja_env.globals.update(
        brand=BRAND,
        simulator=config.is_simulator,
        htmx_url=config.htmx_url,
        htmx_integrity=config.htmx_integrity,
        search_url="/search",
        stop_url="/stop-sending",
        page_frame=frame,
    )


def badge(app: App, url: str, rows: Callable[[], Select[Any]], most: int = cached_counts.FEW) -> None:
    """Let the tab with this address count rows, `most` of them at most.

    A feature says so when it is registered (`blueprint.record_once`).
    """
    app.extensions.setdefault("tab_badges", {})[url] = (rows, most)


def warn(app: App, is_any: Callable[[], ColumnElement[bool]], find: Callable[[Session], str]) -> None:
    """Let every page show what `find` says where `is_any` is true: what everybody has to know, wherever they are."""
    app.extensions.setdefault("page_warnings", []).append((is_any, find))


def light(url: str) -> None:
    """Let the page shown belong to the tab with this address, where its own address does not say so."""
    g.lit_tab = url


def frame() -> Frame:
    """Read what the frame shows now, in one statement unless there is something to warn of."""
    session = db.session()
    badges: dict[str, tuple[Callable[[], Select[Any]], int]] = current_app.extensions.get("tab_badges", {})
    warnings: list[tuple[Callable[[], ColumnElement[bool]], Callable[[Session], str]]]
    warnings = current_app.extensions.get("page_warnings", [])
    asked: list[ColumnElement[Any]] = [cached_counts.column(rows(), most) for rows, most in badges.values()]
    asked += [is_any() for is_any, _ in warnings]
    read = session.execute(select(*asked)).one() if asked else ()
    counts = {url: CachedCount.up_to(most, read[place]) for place, (url, (_, most)) in enumerate(badges.items())}
    return Frame(
        [Tab(label, url, _is_current(url, *more), counts.get(url, 0)) for label, url, *more in TABS],
        [find(session) for (_, find), is_any in zip(warnings, read[len(badges) :], strict=True) if is_any],
    )


def _is_current(*urls: str) -> bool:
    if lit := g.get("lit_tab"):
        return lit in urls
    return any(f"{request.path}/".startswith(f"{url}/") for url in urls)

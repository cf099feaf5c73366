"""What the frame around every page shows: the tabs, and the addresses that differ by configuration."""

from collections.abc import Callable
from typing import NamedTuple

from flask import Flask, current_app, request
from flask.sansio.app import App
from sqlalchemy.orm import Session

from optin.config import Config
from optin.database.session import db
from optin.queries.cached_counts import CachedCount

BRAND = "Optin"


class Tab(NamedTuple):
    """A tab of the bar: its words, its address, whether the page shown belongs to it, and how many wait behind it."""

    label: str
    url: str
    current: bool
    badge: int | CachedCount = 0


# The words, the address, and where else its pages are.
TABS: tuple[tuple[str, ...], ...] = (
    ("Opt-In Keywords", "/keywords", "/opt-ins"),
    ("Campaigns", "/campaigns", "/broadcasts"),
    ("Contacts", "/contacts"),
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
        nav_tabs=nav_tabs,
        page_warnings=page_warnings,
    )


def badge(app: App, url: str, count: Callable[[Session], int | CachedCount]) -> None:
    """Let the tab with this address show a count; a feature says so when it is registered (`blueprint.record_once`)."""
    app.extensions.setdefault("tab_badges", {})[url] = count


def nav_tabs() -> list[Tab]:
    """Return the tabs, the one that the requested address belongs to marked as current."""
    counts: dict[str, Callable[[Session], int | CachedCount]] = current_app.extensions.get("tab_badges", {})
    return [
        Tab(label, url, _is_current(url, *more), counts[url](db.session()) if url in counts else 0)
        for label, url, *more in TABS
    ]


def warn(app: App, find: Callable[[Session], str]) -> None:
    """Let every page show what `find` says, unless that is "": what everybody has to know, wherever they are."""
    app.extensions.setdefault("page_warnings", []).append(find)


def page_warnings() -> list[str]:
    """Return what every page has to say now."""
    found: list[Callable[[Session], str]] = current_app.extensions.get("page_warnings", [])
    return [words for find in found if (words := find(db.session()))]


def _is_current(*urls: str) -> bool:
    return any(f"{request.path}/".startswith(f"{url}/") for url in urls)

"""What the frame around every page shows: the tabs, and the addresses that differ by configuration."""

from typing import NamedTuple

from flask import Flask, request

from optin.config import Config

BRAND = "Optin"


class Tab(NamedTuple):
    """A tab of the bar: its words, its address, and whether the page shown belongs to it."""

    label: str
    url: str
    current: bool


TABS = (
    ("Opt-In Keywords", "/keywords"),
    ("Campaigns", "/campaigns"),
    ("Contacts", "/contacts"),
    ("Leads", "/leads"),
    ("SMS Inbox", "/inbox"),
    ("Review", "/review"),
    ("Settings", "/settings"),
)


def init_app(app: Flask) -> None:
    """Make the frame's names known to all templates."""
    config: Config = app.config["OPTIN"]
    app.jinja_env.globals.update(
        brand=BRAND,
        simulator=config.is_simulator,
        htmx_url=config.htmx_url,
        htmx_integrity=config.htmx_integrity,
        search_url="/contacts",
        nav_tabs=nav_tabs,
    )


def nav_tabs() -> list[Tab]:
    """Return the tabs, the one that the requested address belongs to marked as current."""
    return [Tab(label, url, f"{request.path}/".startswith(f"{url}/")) for label, url in TABS]

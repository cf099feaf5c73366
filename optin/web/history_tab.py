"""The History tab of a record: who did what, when, from what to what; the newest first, in pages by key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from sqlalchemy import Select
from sqlalchemy.orm import Session, joinedload

from optin.models import AuditEntry
from optin.queries import paging
from optin.queries.paging import Page

SYSTEM = "The system"
Address = Callable[[str], str]


@dataclass(frozen=True)
class HistoryLine:
    """One thing that was done; `before` and `after` are as people read them, `url` leads to what it concerns."""

    at: datetime
    who: str
    what: str
    before: str = ""
    after: str = ""
    url: str = ""


@dataclass(frozen=True)
class History:
    """A page of the tab, with the addresses of its neighbours."""

    lines: list[HistoryLine]
    newer_url: str | None
    older_url: str | None


def entry_line(entry: AuditEntry, field: str | None = None) -> HistoryLine:
    """Tell an entry of the audit trail; `field` is what people call the field, where the entry does not say it so."""
    action, name = entry.action.capitalize(), entry.field if field is None else field
    what = f"{action}: {name}" if name else action
    return HistoryLine(entry.at, entry.user.name if entry.user else SYSTEM, what, entry.before, entry.after)


def history_of(
    session: Session,
    entries: Select[AuditEntry],
    address: Address,
    tell: Callable[[AuditEntry], HistoryLine] = entry_line,
) -> History:
    """Return the page of `entries` that the request asks for; `address` is that of the page with a token."""
    with_users = entries.order_by(None).options(joinedload(AuditEntry.user))
    page = paging.read_page(session, with_users, [AuditEntry.id], request.args.get("page"), descending=True)
    return history_page(page, [tell(entry) for entry in page.rows], address)


def history_page(page: Page[Any], lines: list[HistoryLine], address: Address) -> History:
    """Return the lines of a page with the addresses of the pages before and after it."""
    return History(lines, page.before and address(page.before), page.after and address(page.after))

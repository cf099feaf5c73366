"""The audit panel: who changed what, from what to what, newest first."""

import re

from sqlalchemy.orm import Session

from optin.policy import audit, policy
from tests.support.clients import Browser


def rows(browser: Browser, query: str = "") -> list[list[str]]:
    """Return the cells of the table at /settings/audit, without the last one, the time."""
    page = browser.get(f"/settings/audit{query}").text
    found = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in page.split("<tr>")[2:]]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in cells[:-1]] for cells in found]


def test_changes_read_as_people_say_them(admin: Browser, session: Session) -> None:
    assert admin.user is not None
    policy.change(session, admin.user.id, require_opt_in_for_one_to_one=True)
    policy.change(session, None, cap_per_day=2, cap_waits=False)
    policy.change(session, admin.user.id, default_region="DE", extra_opt_out_words=("adios", "fertig"))
    assert rows(admin) == [
        ["Extra opt-out words", "none", "adios, fertig", "Admin Example"],
        ["Default country of numbers", "United States (+1)", "Germany (+49)", "Admin Example"],
        ["Above the cap", "Wait", "Skip", "The system"],
        ["Frequency cap a day", "no cap", "2", "The system"],
        ["Require Opt-In for 1:1 SMS Messaging", "Off", "On", "Admin Example"],
    ]


def test_it_is_filtered_by_setting_panel_and_kind(admin: Browser, session: Session) -> None:
    assert admin.user is not None
    policy.change(session, admin.user.id, brand="River Friends", sending_to="19:00", question_hours=2)
    audit.record(session, admin.user.id, "disabled", "user", admin.user.id)
    audit.record(session, admin.user.id, "changed", "keyword", 1, {"brand": ("a", "b")})
    expected = {
        "": [
            "Disabled Admin Example",
            "Sending hours to",
            "Hours that a double opt-in question stays open",
            "Brand name",
        ],
        "?about=sms": ["Brand name"],
        "?about=hours": ["Sending hours to"],
        "?about=question_hours": ["Hours that a double opt-in question stays open"],
        "?about=user": ["Disabled Admin Example"],
        "?about=sender": [],
        "?about=keyword": [
            "Disabled Admin Example",
            "Sending hours to",
            "Hours that a double opt-in question stays open",
            "Brand name",
        ],
    }
    assert {query: sorted(row[0] for row in rows(admin, query)) for query in expected} == {
        query: sorted(names) for query, names in expected.items()
    }


def test_it_goes_on_page_by_page(admin: Browser, session: Session) -> None:
    assert admin.user is not None
    for number in range(120):
        policy.change(session, admin.user.id, brand=f"Brand {number}")
    seen: list[str] = []
    query = "?about=brand"
    while query:
        seen += [row[2] for row in rows(admin, query)]
        older = re.search(r'href="/settings/audit(\?[^"]+)" rel="next"', admin.get(f"/settings/audit{query}").text)
        query = older[1].replace("&amp;", "&") if older else ""
    assert seen == [f"Brand {number}" for number in reversed(range(120))]


def test_nothing_yet(admin: Browser) -> None:
    assert "No changes yet" in admin.get("/settings/audit").text


def test_markup_in_a_setting_stays_text(admin: Browser, session: Session) -> None:
    policy.change(session, None, brand="<script>alert(1)</script>")
    assert "<script>alert" not in admin.get("/settings/audit").text


def test_nobody_else_reads_it(agent: Browser, viewer: Browser) -> None:
    assert agent.get("/settings/audit").status_code == 403
    assert viewer.get("/settings/audit").status_code == 403

"""Hours and limits by state in the settings: what is shown, confirmed, changed and refused; who may; the trail."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import state_hours, state_rules
from optin.models import AuditEntry
from optin.policy import policy
from optin.policy.state_choices import NAMES, StateChoice
from tests.support.clients import Browser

READ = state_rules.table().states["TX"].read.isoformat()
TEXAS = {f"from_{day}": "09:00" for day in range(6)} | {f"to_{day}": "21:00" for day in range(7)}
TEXAS |= {"from_6": "12:00", "holidays": "y", "cap": "0", "reason": ""}


def of(session: Session, state: str) -> state_hours.StateInForce:
    session.expire_all()
    return state_hours.in_force(policy.load(session).state_choices)[state]


def test_off_until_an_admin_switches_it_on(admin: Browser, session: Session) -> None:
    page = admin.get("/settings/states").text
    assert "Off: only your own sending hours and cap hold." in page
    assert page.count("Not confirmed") == 51
    assert "Monday to Saturday 09:00 to 21:00" in page
    saved = admin.post("/settings/states", data={"state_rules": "y"}, follow_redirects=True)
    assert "Saved: Hours and limits by state." in saved.text
    assert policy.load(session).state_rules
    assert "which is on." in admin.get("/settings/hours").text


def test_one_state_is_confirmed_and_then_all_others(admin: Browser, session: Session) -> None:
    page = admin.post("/settings/states/confirmed", data={"state": "TX"}, follow_redirects=True).text
    assert "Confirmed: Texas." in page
    assert page.count("Not confirmed") == 50
    assert of(session, "TX").is_confirmed
    page = admin.post("/settings/states/confirmed", follow_redirects=True).text
    assert "Confirmed: 50 states." in page
    assert "Confirm all" not in page
    again = admin.post("/settings/states/confirmed", data={"state": "TX"}, follow_redirects=True).text
    assert "Confirmed: 0 states." in again
    trail = select(AuditEntry.field, AuditEntry.after).where(AuditEntry.field.in_(NAMES))
    assert len(session.execute(trail).all()) == 51
    assert "Hours and limit of Wyoming" in admin.get("/settings/audit?about=states").text


def test_what_is_stricter_needs_no_reason(admin: Browser, session: Session) -> None:
    stricter = {**TEXAS, "from_6": "", "to_6": "", "cap": "3"}
    assert admin.post("/settings/states/TX", data=stricter).status_code == 303
    found = of(session, "TX")
    assert (found.week.days[6], found.cap, found.is_confirmed, found.is_changed) == (None, 3, True, True)
    page = admin.get("/settings/states").text
    assert "Sunday none" in page
    assert "Put the rule back" in admin.get("/settings/states/TX").text
    assert admin.post("/settings/states/TX", data={"put_back": "1"}).status_code == 303
    assert not of(session, "TX").is_changed
    assert of(session, "TX").is_confirmed


def test_what_is_less_strict_needs_one(admin: Browser, session: Session) -> None:
    looser = {**TEXAS, "from_6": "09:00"}
    refused = admin.post("/settings/states/TX", data=looser)
    assert refused.status_code == 422
    assert "This is less strict than the rule above." in refused.text
    assert not of(session, "TX").is_changed
    assert admin.post("/settings/states/TX", data={**looser, "reason": "Our lawyer"}).status_code == 303
    assert of(session, "TX").choice == StateChoice(READ, ("09:00-21:00",) * 7, True, 0, "Our lawyer")
    assert "Our lawyer" in admin.get("/settings/audit?about=states").text
    capped = {**TEXAS, **{f"from_{day}": "08:00" for day in range(7)}, **{f"to_{day}": "20:00" for day in range(7)}}
    assert admin.post("/settings/states/FL", data={**capped, "cap": "5"}).status_code == 422
    assert admin.post("/settings/states/FL", data={**capped, "cap": "0"}).status_code == 422
    assert admin.post("/settings/states/FL", data={**capped, "cap": "2"}).status_code == 303
    assert of(session, "FL").cap == 2


def test_the_rule_as_it_is_counts_as_confirmed_only(admin: Browser, session: Session) -> None:
    assert admin.post("/settings/states/TX", data=TEXAS).status_code == 303
    assert of(session, "TX").choice == StateChoice(READ)


@pytest.mark.parametrize(
    "change", [{"to_0": ""}, {"from_0": "late"}, {"from_0": "22:00"}, {"cap": "-1"}, {"cap": "many"}, {"cap": ""}]
)
def test_what_is_no_time_or_limit_is_refused(admin: Browser, session: Session, change: dict[str, str]) -> None:
    refused = admin.post("/settings/states/TX", data={**TEXAS, **change})
    assert refused.status_code == 422
    assert "is-invalid" in refused.text
    assert of(session, "TX").choice is None


def test_a_newer_rule_is_to_be_confirmed_again(admin: Browser, session: Session) -> None:
    older = StateChoice("2026-01-01", ("08:00-19:00",) * 7)
    policy.choose_states(session, None, (("TX", older), ("FL", StateChoice("2026-01-01"))))
    session.commit()
    page = admin.get("/settings/states").text
    assert page.count("Changed since: confirm again") == 2
    admin.post("/settings/states/confirmed")
    texas = of(session, "TX")
    assert (texas.is_confirmed, texas.choice and texas.choice.days and texas.choice.days[6]) == (True, "12:00-19:00")
    assert of(session, "FL").choice == StateChoice(READ)
    assert date.fromisoformat(READ) > date(2026, 1, 1)


def test_others_read_it(agent: Browser) -> None:
    page = agent.get("/settings/states/RI").text
    assert "Only an admin can change this." in page
    assert agent.post("/settings/states/RI", data=TEXAS).status_code == 403
    assert agent.get("/settings/states/XX").status_code == 404

"""Users: invited, given roles, disabled; and one admin always stays."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Role
from optin.features.auth import links
from optin.features.auth.accounts import add_user
from optin.models import AuditEntry, User
from tests.support.clients import Browser

BEN = {"email": "ben@example.org", "name": "Ben Ode", "role": "agent"}


def shown_link(page: str) -> str | None:
    found = re.search(r"http://localhost(/sign-in/[\w-]{40,})", page)
    return found[1] if found else None


def by_email(session: Session, email: str) -> User:
    return session.scalars(select(User).where(User.email == email)).one()


def test_an_invited_user_comes_in_by_a_link_that_is_shown_once(
    admin: Browser, client: Browser, session: Session
) -> None:
    assert admin.user is not None
    admin.user.time_zone = "Europe/Berlin"
    response = admin.post("/settings/users", data=BEN)
    ben = by_email(session, "ben@example.org")
    assert (response.status_code, response.location) == (303, f"/settings/users/{ben.id}")
    assert (ben.name, ben.role, ben.password_hash, ben.time_zone) == ("Ben Ode", "agent", None, "Europe/Berlin")
    link = shown_link(admin.get(response.location).text)
    assert link is not None
    assert shown_link(admin.get(response.location).text) is None
    assert ">Sign in as Ben Ode</button>" in client.get(link).text
    assert client.post(link).status_code == 303
    assert "ben@example.org" in client.get("/account").text


@pytest.mark.parametrize(
    "change",
    [
        {"email": "ADMIN@example.org"},
        {"email": ""},
        {"email": "no at sign"},
        {"email": "a@b@c"},
        {"email": "a" * 250 + "@example.org"},
        {"name": " "},
        {"role": "owner"},
        {"role": ""},
    ],
)
def test_an_invitation_that_is_refused_adds_nobody(admin: Browser, session: Session, change: dict[str, str]) -> None:
    data = {**BEN, **change}
    response = admin.post("/settings/users", data=data)
    assert response.status_code == 422
    assert f'value="{data["email"]}"' in response.text, "what was typed is kept"
    assert session.scalar(select(func.count()).select_from(User)) == 1


def test_a_new_link_ends_the_earlier_ones(admin: Browser, client: Browser, session: Session) -> None:
    ben = add_user(session, email="ben@example.org", name="Ben", role=Role.AGENT)
    earlier = f"/sign-in/{links.issue(session, ben, clock.now(), 1)}"
    response = admin.post(f"/settings/users/{ben.id}/links")
    link = shown_link(admin.get(response.location).text)
    assert link is not None
    assert client.get(earlier).status_code == 404
    assert client.get(link).status_code == 200


def test_a_disabled_user_is_out_at_once(admin: Browser, agent: Browser, client: Browser, session: Session) -> None:
    assert agent.user is not None
    path = f"/settings/users/{agent.user.id}"
    link = f"/sign-in/{links.issue(session, agent.user, clock.now(), 1)}"
    assert admin.post(f"{path}/disabled").status_code == 303
    assert agent.get("/account").status_code == 303
    assert client.get(link).status_code == 404
    assert admin.post(f"{path}/links").status_code == 303
    page = admin.get(path).text
    assert f"{agent.user.name} is disabled and can’t sign in with a link." in page
    assert shown_link(page) is None
    assert admin.post(f"{path}/enabled").status_code == 303
    assert agent.user.disabled_at is None
    assert agent.get("/account").status_code == 303, "the sessions of before stay ended"


def test_a_new_role_counts_at_the_next_request(admin: Browser, agent: Browser) -> None:
    assert agent.user is not None
    assert agent.get("/settings/audit", lint=False).status_code == 403
    assert admin.post(f"/settings/users/{agent.user.id}/role", data={"role": "admin"}).status_code == 303
    assert agent.get("/settings/audit").status_code == 200
    assert admin.post(f"/settings/users/{agent.user.id}/role", data={"role": "viewer"}).status_code == 303
    assert agent.post("/settings/sms", lint=False).status_code == 403


@pytest.mark.parametrize(
    ("what", "data"), [("role", {"role": "agent"}), ("role", {"role": "viewer"}), ("disabled", {})]
)
def test_the_last_admin_stays(admin: Browser, session: Session, what: str, data: dict[str, str]) -> None:
    assert admin.user is not None
    gone = add_user(session, email="gone@example.org", name="Gone", role=Role.ADMIN)
    gone.disabled_at = clock.now()
    response = admin.post(f"/settings/users/{admin.user.id}/{what}", data=data)
    assert response.status_code == 422
    assert "Admin Example is the only admin." in response.text
    assert (admin.user.role, admin.user.disabled_at) == ("admin", None)


@pytest.mark.parametrize(("what", "data"), [("role", {"role": "agent"}), ("disabled", {})])
def test_two_admins_at_once_do_not_remove_each_other(
    app: Flask, admin: Browser, session: Session, what: str, data: dict[str, str]
) -> None:
    assert admin.user is not None
    for number in range(4):
        other = app.test_client()
        assert isinstance(other, Browser)
        second = add_user(session, email=f"second{number}@example.org", name="Second", role=Role.ADMIN)
        session.commit()
        other.sign_in(second)
        admin.sign_in(admin.user)
        admin.test_session = None
        start = Barrier(2)

        def remove(browser: Browser, target: int, start: Barrier = start) -> int:
            start.wait()
            return browser.post(f"/settings/users/{target}/{what}", data=data, lint=False).status_code

        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(remove, admin, second.id), pool.submit(remove, other, admin.user.id)]
            statuses = sorted(done.result() for done in both)
        session.expire_all()
        left = session.scalars(select(User).where(User.role == Role.ADMIN, User.disabled_at.is_(None))).all()
        assert len(left) == 1, statuses
        for user in (admin.user, second):
            user.role, user.disabled_at = (Role.ADMIN, None) if user is admin.user else (Role.AGENT, None)
        session.commit()


def test_every_change_is_in_the_trail(admin: Browser, session: Session) -> None:
    admin.post("/settings/users", data=BEN)
    ben = by_email(session, "ben@example.org")
    for what, data in (("role", {"role": "admin"}), ("disabled", {}), ("enabled", {}), ("links", {})):
        assert admin.post(f"/settings/users/{ben.id}/{what}", data=data).status_code == 303
    trail = session.execute(
        select(AuditEntry.action, AuditEntry.before, AuditEntry.after)
        .where(AuditEntry.subject_kind == "user", AuditEntry.subject_id == ben.id)
        .order_by(AuditEntry.id)
    ).all()
    assert [tuple(row) for row in trail] == [
        ("invited", "", "Agent"),
        ("made a sign-in link for", "", ""),
        ("changed", "Agent", "Admin"),
        ("disabled", "", ""),
        ("enabled", "", ""),
        ("made a sign-in link for", "", ""),
    ]
    assert "made a sign-in link for" in admin.get(f"/settings/users/{ben.id}").text


def test_only_admins_see_users(browse_as: Callable[[Role | None], Browser]) -> None:
    for role in (Role.VIEWER, Role.AGENT):
        browser = browse_as(role)
        assert browser.user is not None
        for response in (browser.get("/settings/users"), browser.get(f"/settings/users/{browser.user.id}")):
            assert response.status_code == 403
            assert "Your role does not allow this" in response.text
        for path in ("/settings/users", f"/settings/users/{browser.user.id}/role"):
            assert browser.post(path, data={**BEN, "role": "admin"}).status_code == 403
        assert browser.user.role == role


def test_an_unknown_user_is_not_found(admin: Browser) -> None:
    assert admin.get("/settings/users/999").status_code == 404
    for what in ("role", "disabled", "enabled", "links"):
        assert admin.post(f"/settings/users/999/{what}", data={"role": "agent"}).status_code == 404


def test_the_right_to_download_is_given_and_taken(admin: Browser, session: Session) -> None:
    admin.post("/settings/users", data=BEN)
    ben = by_email(session, "ben@example.org")
    assert not ben.downloads, "whoever is new may not by itself"
    admin.post(f"/settings/users/{ben.id}/role", data={"role": "agent", "may_download": "y"})
    session.commit()
    assert ben.downloads
    page = admin.get(f"/settings/users/{ben.id}").text
    assert "may download from no to yes" in page
    assert "agent and may download personal data now" in page
    admin.post(f"/settings/users/{ben.id}/role", data={"role": "agent"})
    session.commit()
    assert not ben.downloads


def test_an_invitation_may_give_it(admin: Browser, session: Session) -> None:
    admin.post("/settings/users", data={**BEN, "may_download": "y"})
    assert by_email(session, "ben@example.org").downloads

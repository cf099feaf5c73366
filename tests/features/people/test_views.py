"""Views over HTTP: saving what a list shows, whose views are whose, with which one a list opens; columns."""

import csv
import io
import threading

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import PersonKind, Role
from optin.models import SavedView, User
from optin.person import views
from optin.person.filters.terms import Filter, Operator
from optin.person.views import Content
from optin.refused import Refused, done
from tests.conftest import add_user
from tests.support import world
from tests.support.clients import Browser

HARBOR = Content((Filter("company", Operator.CONTAINS, ("har",)),), ("email", "company"), "-added")


@pytest.fixture(autouse=True)
def people(session: Session) -> None:
    world.person(session, "Maya Chen", world.MAYA).company = "Harbor Friends"
    world.person(session, "Tom Reed", world.TOM).company = "Hill Street"
    session.commit()


def saved(session: Session, browser: Browser, name: str = "Harbor", *, shared: bool = False) -> SavedView:
    assert browser.user is not None
    view = done(views.save(session, PersonKind.CONTACT, name, HARBOR, browser.user, shared=shared))
    session.commit()
    return view


def test_what_a_list_shows_is_saved_opened_changed_and_deleted(agent: Browser, session: Session) -> None:
    state = "company.contains=har&columns=email,company&sort=-added"
    assert "/contacts/views/new?" in agent.get(f"/contacts?{state}").text
    page = agent.post(f"/contacts/views/new?{state}", data={"name": "Harbor"}, follow_redirects=True)
    view = session.scalars(select(SavedView)).one()
    view_id = view.id
    assert Content.of(view) == HARBOR
    assert page.request.full_path == f"/contacts?view={view.id}"
    for words in ("View: Harbor", "Company contains “har”", "Maya Chen", "The view “Harbor” was saved."):
        assert words in page.text
    assert "Tom Reed" not in page.text
    assert "Mobile phone</th>" not in page.text
    assert page.text.index("Email</a>") < page.text.index("Company</a>")
    assert "Save changes" not in page.text
    rows = {"1.field": "company", "1.op": "contains", "1.value": "hill", "view": view.id, "changed": 1}
    page = agent.get("/contacts", query_string=rows, follow_redirects=True)
    assert "Tom Reed" in page.text
    assert "Save changes" in page.text
    changed = f"/contacts/views/{view.id}?view={view.id}&changed=1&company.contains=hill"
    assert "Tom Reed" in agent.post(changed, follow_redirects=True).text
    session.expire_all()
    assert Content.of(session.get_one(SavedView, view.id)).filters[0].values == ("hill",)
    page = agent.post(f"/contacts/views/{view.id}/deletion", follow_redirects=True).text
    assert "The view “Harbor” was deleted. The people in it were not." in page
    assert "That view is not there any more." in agent.get(f"/contacts?view={view_id}").text


def test_a_name_that_is_taken_is_refused_and_nothing_is_lost(agent: Browser, session: Session) -> None:
    saved(session, agent)
    answer = agent.post("/contacts/views/new?owner=me", data={"name": "HARBOR"})
    assert answer.status_code == 422
    assert "You have a view named “HARBOR” already. Choose another name." in answer.text
    assert 'value="HARBOR"' in answer.text
    assert agent.post("/contacts/views/new?owner=me", data={"name": ""}).status_code == 422
    assert agent.post("/contacts/views/new?owner=me", data={"name": "Harbor", "shared": "y"}).status_code == 303
    assert agent.post("/leads/views/new?owner=me", data={"name": "Harbor"}).status_code == 303
    mine, teams, leads = session.scalars(select(SavedView).order_by(SavedView.id)).all()
    assert (mine.is_shared, teams.is_shared, leads.kind) == (False, True, "lead")
    answer = agent.post(f"/contacts/views/{mine.id}/edit", data={"name": "harbor", "shared": "y"})
    assert answer.status_code == 422
    assert "The team has a view named “harbor” already." in answer.text
    assert agent.post(f"/contacts/views/{mine.id}/edit", data={"name": "Port"}).status_code == 303


def test_whose_views_are_whose(agent: Browser, viewer: Browser, admin: Browser, session: Session) -> None:
    own, teams = saved(session, agent), saved(session, agent, "Team", shared=True)
    for browser in (viewer, admin):
        assert "Harbor" not in browser.get("/contacts/views").text
        assert "Company contains" not in browser.get(f"/contacts?view={own.id}").text
        assert browser.post("/contacts/views/default", data={"view": own.id}).status_code == 404
        assert "Company contains" in browser.get(f"/contacts?view={teams.id}").text
    assert admin.get(f"/contacts/views/{own.id}/edit").status_code == 404
    assert admin.post(f"/contacts/views/{own.id}/deletion").status_code == 404
    assert viewer.post(f"/contacts/views/{teams.id}/deletion").status_code == 403
    assert "Rename" not in viewer.get("/contacts/views").text
    assert agent.get(f"/leads?view={teams.id}").text.count("That view is not there any more.") == 1
    assert admin.post(f"/contacts/views/{teams.id}/edit", data={"name": "Ours", "shared": "y"}).status_code == 303


def test_a_list_opens_with_the_view_of_its_user(agent: Browser, viewer: Browser, session: Session) -> None:
    teams = saved(session, agent, "Team", shared=True)
    assert (
        "Contacts now open with “Team”."
        in viewer.post("/contacts/views/default", data={"view": teams.id}, follow_redirects=True).text
    )
    assert viewer.get("/contacts", follow_redirects=True).request.full_path == f"/contacts?view={teams.id}"
    assert "Tom Reed" in viewer.get("/contacts?view=all").text
    assert agent.get("/contacts").status_code == 200
    assert agent.post(f"/contacts/views/{teams.id}/edit", data={"name": "Mine now"}).status_code == 303
    assert viewer.get("/contacts").status_code == 200, "what is not shared any more opens nobody else's list"


def test_what_a_view_asks_for_may_be_deleted(agent: Browser, session: Session) -> None:
    keyword = world.keyword(session)
    content = Content((Filter("keyword", Operator.NOT, (str(keyword.id),)), Filter("shoe", Operator.IS, ("9",))))
    assert agent.user is not None
    view = done(views.save(session, PersonKind.CONTACT, "Not in", content, agent.user, shared=False))
    session.delete(session.get_one(type(keyword), keyword.id))
    session.commit()
    for page in (agent.get("/contacts/views").text, agent.get(f"/contacts?view={view.id}").text):
        assert "The keyword of this filter is not there any more, so the filter matches nobody." in page
        assert "The field of this filter is not there any more, so the filter matches nobody." in page
        assert "Maya" not in page


def test_columns_are_chosen_with_their_places_also_in_the_file(agent: Browser) -> None:
    form = {"choose": "columns", "column": ["company", "email", "zone"], "place-company": "3", "place-email": "1",
            "place-zone": "2", "owner": "nobody"}  # fmt: skip
    page = agent.get("/contacts", query_string=form, follow_redirects=True)
    assert page.request.full_path == "/contacts?owner=nobody&columns=email,zone,company"
    file = agent.get("/contacts/file?columns=email,zone,company,nonsense").get_data().decode("utf-8-sig")
    assert next(csv.reader(io.StringIO(file))) == ["First name", "Last name", "Email", "Time zone", "Company"]
    assert agent.get("/contacts?columns=email&sort=company").text.index("Maya") > 0


def test_of_two_who_save_the_same_name_one_is_refused(app: Flask, session: Session) -> None:
    user = add_user(session, Role.AGENT)
    both, results = threading.Barrier(2), []

    def save() -> None:
        with app.app_context():
            own = db.session()
            me = own.get_one(User, user.id)
            own.rollback()
            both.wait()
            results.append(views.save(own, PersonKind.CONTACT, "Same", HARBOR, me, shared=True))
            own.commit()

    threads = [threading.Thread(target=save) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(isinstance(result, Refused) for result in results) == [False, True]
    assert len(session.scalars(select(SavedView)).all()) == 1

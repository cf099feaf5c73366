"""Settings › Fields: making, changing, ordering, archiving and deleting fields of one's own, without JavaScript."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import BroadcastState, FieldKind
from optin.features.field_settings import deleting_task
from optin.models import AuditEntry, BackgroundTask, MessageTemplate, OwnField, OwnOption, OwnValue
from optin.own_fields import definitions, deleting, kind_change
from optin.own_fields.definitions import Given
from optin.policy import cache
from optin.refused import Refused, done
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser
from tests.support.own_fields import add, kept, put

HOME = "/settings/fields"


def trail(session: Session) -> list[tuple[str, ...]]:
    rows = select(AuditEntry.action, AuditEntry.field, AuditEntry.before, AuditEntry.after)
    return [
        tuple(row) for row in session.execute(rows.where(AuditEntry.subject_kind == "field").order_by(AuditEntry.id))
    ]


def test_the_story_of_a_field(session: Session, admin: Browser) -> None:
    assert "No fields of your own yet" in admin.get(HOME).text
    form = {"label": "  Shirt   size ", "kind": "choice", "more": "S\r\n M \r\n\r\nL", "help": "For the festival"}
    assert admin.post(HOME, data=form).status_code == 303
    admin.post(HOME, data={"label": "Birthday", "kind": "day"})
    page = admin.get(HOME).text
    assert "{{ shirt_size }}" in page
    assert "One of a list" in page
    shirt = session.scalars(select(OwnField).where(OwnField.key == "shirt_size")).one()
    assert [option.label for option in shirt.options] == ["S", "M", "L"]
    put(session, shirt, world.person(session, "Maya Ortiz", world.MAYA), "m")

    here = f"{HOME}/{shirt.id}"
    assert 'value="Shirt size"' in admin.get(here).text
    small, medium, large = (option.id for option in shirt.options)
    renamed = {f"option-{small}": "Small", f"option-{medium}": "Medium", f"option-{large}": ""}
    saved = admin.post(here, data={"label": "T-shirt", "kind": "choice", "more": "Extra large", **renamed})
    assert saved.status_code == 303
    assert shirt.key == "shirt_size"
    assert [option.label for option in shirt.options] == ["Small", "Medium", "Extra large"]
    assert kept(session) == ["Medium"]

    admin.post(f"{HOME}/{shirt.id}/place", data={"to": "down"})
    assert [each.label for each in definitions.everyone(session)] == ["Birthday", "T-shirt"]
    assert admin.post(f"{here}/archive", data={"archived": "1"}).status_code == 303
    assert "No longer shown" in admin.get(HOME).text
    assert [field.archived for field in cache.current(session, cache.read_token(session)).fields] == [False, True]
    admin.post(f"{here}/archive", data={"archived": "0"})
    assert kept(session) == ["Medium"]

    asked = admin.get(f"{here}/deletion").text
    assert "1 value goes" in asked
    refused = admin.post(f"{here}/deletion", data={"label": "T-shir"})
    assert refused.status_code == 422
    assert "Type “T-shirt” to delete the field." in refused.text
    assert 'value="T-shir"' in refused.text
    gone = admin.post(f"{here}/deletion", data={"label": "t-shirt"}, follow_redirects=True)
    assert "The field T-shirt was deleted. 1 value went with it." in gone.text
    assert kept(session) == []
    assert session.scalars(select(OwnOption)).all() == []
    assert admin.get(here).status_code == 404
    assert [(action, field) for action, field, _, _ in trail(session) if action != "created"] == [
        ("changed", "Label"),
        ("changed", "Options"),
        ("moved", "Place"),
        ("archived", ""),
        ("brought back", ""),
        ("deleted", "Label"),
        ("deleted", "Values"),
    ]
    assert "Fields" in admin.get("/settings/audit?about=field").text
    assert "Created Birthday: Label" in admin.get("/settings/audit?about=field").text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"label": ""}, "Enter a label, such as Shirt size."),
        ({"label": "x" * 61}, "longer than 60 characters"),
        ({"label": "{{x}}"}, "Leave out { and }: they mark merge fields."),
        ({"label": "Mobile  Phone"}, "Contacts and leads have this field already."),
        ({"label": "SHIRT"}, "Another field has this label already."),
        ({"label": "New", "kind": "colour"}, "Not a valid choice"),
        ({"label": "New", "kind": "choice", "more": " \n "}, "Enter what can be chosen, each on a line of its own."),
        ({"label": "New", "kind": "choice", "more": "S\nM\ns"}, "“s” is in the list twice."),
        ({"label": "New", "kind": "choice", "more": "x" * 81}, "An option can have at most 80 characters."),
        ({"label": "New", "kind": "choice", "more": "\n".join(map(str, range(201)))}, "Use at most 200 options."),
        ({"label": "New", "kind": "text", "more": "S"}, "Only a field of the kind “One of a list” has options."),
        ({"label": "New", "help": "y" * 201}, "longer than 200 characters"),
    ],
)
def test_what_is_no_field_is_refused_and_kept(
    session: Session, admin: Browser, form: dict[str, str], sentence: str
) -> None:
    add(session, "Shirt")
    answer = admin.post(HOME, data={"kind": "text", "help": "Typed text", **form})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert form.get("help", "Typed text") in answer.text
    assert form["label"].strip().replace("  ", " ") in answer.text
    assert len(definitions.everyone(session)) == 1


def test_no_more_than_fifty(session: Session, admin: Browser) -> None:
    for number in range(definitions.MOST):
        done(definitions.create(session, Given(f"Field {number}", FieldKind.TEXT), None))
    session.commit()
    answer = admin.post(HOME, data={"label": "One more", "kind": "text"})
    assert (answer.status_code, definitions.FULL in answer.text) == (422, True)
    assert "50 of 50" in admin.get(HOME).text


def test_an_option_that_somebody_has_stays(session: Session, admin: Browser) -> None:
    field = add(session, "Size", FieldKind.CHOICE, "S", "M")
    put(session, field, world.person(session, "Maya Ortiz", world.MAYA), "S")
    small, medium = (option.id for option in field.options)
    form = {"label": "Size", "kind": "choice", f"option-{small}": "", f"option-{medium}": "Middle"}
    answer = admin.post(f"{HOME}/{field.id}", data=form)
    assert answer.status_code == 422
    assert "Somebody has “S”, so it can be renamed but not removed." in answer.text
    assert 'value="Middle"' in answer.text
    session.expire_all()
    assert [option.label for option in field.options] == ["S", "M"]


@pytest.mark.parametrize(
    ("before", "text", "after", "result"),
    [
        (FieldKind.TEXT, "12", FieldKind.NUMBER, "12"),
        (FieldKind.TEXT, "twelve", FieldKind.NUMBER, "1 of 1 values would not fit. “twelve” is not a number."),
        (FieldKind.NUMBER, "12.50", FieldKind.TEXT, "12.5"),
        (FieldKind.TEXT, "3 May 2026", FieldKind.DAY, "2026-05-03"),
        (FieldKind.DAY, "2026-05-03", FieldKind.TEXT, "2026-05-03"),
        (FieldKind.YES_NO, "yes", FieldKind.CHOICE, "Yes"),
        (FieldKind.YES_NO, "no", FieldKind.CHOICE, "1 of 1 values would not fit. “no” is not in the list: Yes."),
        (FieldKind.CHOICE, "Yes", FieldKind.YES_NO, "yes"),
        (FieldKind.CHOICE, "Yes", FieldKind.TEXT, "Yes"),
        (FieldKind.NUMBER, "1", FieldKind.YES_NO, "yes"),
    ],
)
def test_another_kind_only_where_all_values_fit(
    session: Session, admin: Browser, before: FieldKind, text: str, after: FieldKind, result: str
) -> None:
    choice = FieldKind.CHOICE
    field = add(session, "Some", before, *(["Yes", "No"] if before is choice else []))
    put(session, field, world.person(session, "Maya Ortiz", world.MAYA), text)
    stored = kept(session)
    form = {"label": "Some", "kind": str(after), "more": "Yes" if after is choice else ""}
    answer = admin.post(f"{HOME}/{field.id}", data=form)
    session.expire_all()
    if answer.status_code == 303:
        assert (kept(session), field.kind) == ([result], after)
        assert len(field.options) == (after is choice)
        kinds = {row.number is not None for row in session.scalars(select(OwnValue))}
        assert kinds == {after is FieldKind.NUMBER}
    else:
        assert result in answer.text
        assert (kept(session), field.kind) == (stored, before)


def test_very_many_values_keep_their_kind(session: Session, admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind_change, "MOST", 1)
    field = add(session, "Some")
    for number in (world.MAYA, world.TOM):
        put(session, field, world.person(session, "Maya Ortiz", number), "1")
    answer = admin.post(f"{HOME}/{field.id}", data={"label": "Some", "kind": "number"})
    assert (answer.status_code, "too many to change at once" in answer.text) == (422, True)


@pytest.mark.parametrize("state", [BroadcastState.SCHEDULED, BroadcastState.PAUSED, BroadcastState.SENT])
def test_a_field_that_a_waiting_broadcast_uses_stays(session: Session, admin: Browser, state: BroadcastState) -> None:
    field = add(session, "Shift")
    campaign = scene.campaign(session)
    scene.broadcast(session, campaign, scene.sender(session), state, "Your shift: {{ shift | soon }}")
    answer = admin.post(f"{HOME}/{field.id}/deletion", data={"label": "Shift"})
    waits = state is not BroadcastState.SENT
    assert answer.status_code == (422 if waits else 303)
    assert (f"A broadcast of {campaign.name} that is not finished uses it." in answer.text) == waits
    assert len(definitions.everyone(session)) == waits


def test_a_field_that_a_template_uses_stays(session: Session, admin: Browser) -> None:
    field = add(session, "Shift")
    session.add(MessageTemplate(name="Reminder", body="At {{shift}}", updated_at=field.created_at))
    session.commit()
    here = f"{HOME}/{field.id}/deletion"
    assert "The template “Reminder” uses it." in admin.get(here).text
    assert admin.post(here, data={"label": "Shift"}).status_code == 422
    assert len(definitions.everyone(session)) == 1


def test_very_many_values_go_in_the_background(
    session: Session, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "AT_ONCE", 2)
    field, other = add(session, "Some"), add(session, "Other")
    for number in range(5):
        person = world.person(session, f"Person {number}", None)
        put(session, field, person, "x")
    put(session, other, person, "stays")
    said = admin.post(f"{HOME}/{field.id}/deletion", data={"label": "Some"}, follow_redirects=True).text
    assert "Its values are being deleted in the background." in said
    assert "Being deleted" in said
    assert [each.label for each in cache.current(session, cache.read_token(session)).fields] == ["Other"]
    assert isinstance(definitions.create(session, Given("Some", FieldKind.TEXT), None), Refused)
    task = session.scalars(select(BackgroundTask)).one()
    while task.finished_at is None:
        deleting_task.step(session, task)
        session.commit()
    assert task.done == 3
    assert kept(session) == ["stays"]
    assert [each.label for each in definitions.everyone(session)] == ["Other"]

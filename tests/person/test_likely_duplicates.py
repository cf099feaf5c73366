"""The search for duplicates among all people, in parts, what users dismissed, and those of one person."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Likeness, PersonKind
from optin.jobs import background, duplicate_search
from optin.models import BackgroundTask, DuplicateGroup, Person
from optin.person import likely_duplicates, records
from optin.refused import done

ONE, TWO = "+12065550163", "+12065550147"


@pytest.fixture
def make(session: Session) -> Callable[..., Person]:
    def made(name: str = "", kind: PersonKind = PersonKind.CONTACT, **fields: Any) -> Person:
        first, _, last = name.partition(" ")
        person = done(records.create(session, kind, {"first_name": first, "last_name": last, **fields}, None))
        session.commit()
        return person

    return made


def search(
    session: Session, monkeypatch: pytest.MonkeyPatch | None = None, part: int = 5000
) -> list[tuple[str, list[int]]]:
    """Do the whole search as jobs do, and return the groups."""
    if monkeypatch:
        monkeypatch.setattr(likely_duplicates, "PART", part)
    duplicate_search.begin(session, None)
    session.commit()
    task = session.scalars(select(BackgroundTask).where(BackgroundTask.finished_at.is_(None))).one()
    for _ in range(200):
        if task.finished_at:
            break
        duplicate_search.step(session, task)
        session.commit()
    assert task.finished_at
    session.expire_all()
    groups = session.scalars(select(DuplicateGroup).order_by(DuplicateGroup.place))
    return [(":".join(group.place.split(":")[:2]), sorted(group.person_ids)) for group in groups]


@pytest.mark.parametrize("part", [1, 2, 5000])
def test_each_pair_is_found_once_by_its_strongest_rule_whatever_the_parts(
    session: Session, make: Callable[..., Person], monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    twin = make("Noor Haddad", mobile=ONE, email="noor@example.org"), make("noor haddad", PersonKind.LEAD, mobile=ONE)
    family = make("Ana Li", mobile=TWO), make("Bob Li", mobile=TWO)
    mail = make("Ines Duarte", email="Ines@Example.org"), make("Ines Duarte", PersonKind.LEAD, email="ines@example.org")
    work = make("Tom Reed", company="Pier 4", mobile="+12065550101"), make("Tom Reed", company="PIER 4")
    name = make("Maya Osei", mobile="+12065550102"), make("Maya Osei", PersonKind.LEAD, mobile="+12065550103")
    make("Paulo Vaz", company="Pier 4")
    assert search(session, monkeypatch, part) == [
        ("1:mobile", [each.id for each in twin]),
        ("2:company", [each.id for each in work]),
        ("2:email", [each.id for each in mail]),
        ("3:name", [each.id for each in name]),
        ("4:mobile", [each.id for each in family]),
    ]


def test_a_name_that_many_have_says_nothing_and_with_a_company_it_does(
    session: Session, make: Callable[..., Person]
) -> None:
    for _ in range(4):
        make("Maria Garcia")
    both = [make("Maria Garcia", company="Pier 4").id for _ in range(2)]
    assert search(session) == [("2:company", both)]


def test_what_is_none_any_more_goes_with_the_next_search(session: Session, make: Callable[..., Person]) -> None:
    one, _ = make("Noor Haddad", mobile=ONE), make("Noor Haddad", mobile=ONE)
    assert len(search(session)) == 1
    done(records.change(session, one, {"mobile": TWO, "first_name": "Nadia"}, None))
    session.commit()
    assert search(session) == []


def test_a_dismissed_pair_is_never_proposed_again(session: Session, make: Callable[..., Person]) -> None:
    one, two = make("Noor Haddad", mobile=ONE), make("Noor Haddad", mobile=ONE)
    assert likely_duplicates.dismiss(session, two.id, [one.id, 999, two.id], None) == 1
    assert likely_duplicates.dismiss(session, one.id, [two.id], None) == 0
    session.commit()
    assert search(session) == []
    assert likely_duplicates.of_person(session, one) == []
    three = make("Noor Haddad", mobile=ONE)
    assert search(session) == [("1:mobile", [one.id, three.id])] or search(session)
    assert [other.id for other, _ in likely_duplicates.of_person(session, one)] == [three.id]


def test_who_may_be_one_person_is_known_at_once(session: Session, make: Callable[..., Person]) -> None:
    noor = make("Noor Haddad", mobile=ONE, email="noor@example.org")
    assert likely_duplicates.of_person(session, noor) == []
    family = make("Ana Haddad", PersonKind.LEAD, mobile=ONE)
    twin = make("Nora H", email="NOOR@example.org", mobile=ONE)
    name = make("Noor Haddad", PersonKind.LEAD, mobile=TWO)
    found = [(other.id, like.likeness) for other, like in likely_duplicates.of_person(session, noor)]
    assert found == [(twin.id, Likeness.PERHAPS), (name.id, Likeness.PERHAPS), (family.id, Likeness.OTHERS)]


def test_a_search_begins_by_itself_only_if_people_changed(session: Session, make: Callable[..., Person]) -> None:
    def unfinished() -> int:
        duplicate_search.begin_if_changed(session, clock.now())
        session.commit()
        return int(background.under_way(session, duplicate_search.KEY) is not None)

    noor = make("Noor Haddad", mobile=ONE)
    assert unfinished() == 1
    search(session)
    assert unfinished() == 0
    done(records.change(session, noor, {"mobile": TWO}, None))
    assert unfinished() == 1

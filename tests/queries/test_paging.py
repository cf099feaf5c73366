"""Pages by key: forth and back over each kind of key, and tokens that somebody made up."""

import base64
import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.models import Message, Person
from optin.queries import paging

BY_TIME = (Person.created_at, Person.id)
BY_NAME = (Person.sort_name, Person.id)


@pytest.fixture(autouse=True)
def people(session: Session) -> None:
    """Seven people, two of each name, a minute apart."""
    now = clock.now()
    for each in range(7):
        at = now + timedelta(minutes=each)
        session.add(Person(kind="lead", sort_name="abcd"[each // 2], created_at=at, updated_at=at))
    session.commit()


def ids(page: paging.Page[Person]) -> list[int]:
    return [person.id for person in page.rows]


@pytest.mark.parametrize("keys", [BY_TIME, BY_NAME, (Person.id,)])
@pytest.mark.parametrize("descending", [False, True])
def test_forth_and_back(session: Session, keys: tuple, descending: bool) -> None:
    def page(token: str | None) -> paging.Page[Person]:
        return paging.read_page(session, select(Person), keys, token, descending=descending, size=3)

    order = sorted(range(1, 8), reverse=descending)
    first = page(None)
    second = page(first.after)
    third = page(second.after)
    assert [ids(first), ids(second), ids(third)] == [order[:3], order[3:6], order[6:]]
    assert (first.before, third.after) == (None, None)
    back = page(third.before)
    assert ids(back) == order[3:6]
    assert ids(page(back.before)) == order[:3]
    assert page(back.before).before is None


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "é",
        *(
            base64.urlsafe_b64encode(json.dumps(made).encode()).decode()
            for made in (
                ["after", "2026-01-01", 1, 2],
                ["after", 5, 1],
                ["after", "no date", 1],
                ["after", "0001-01-01T00:00:00+14:00", 1],
                ["after", "9999-12-31T23:59:00-12:00", 1],
                ["after", "2026-01-01T00:00:00+00:00", "1"],
                ["after", "2026-01-01T00:00:00+00:00", 2**70],
                ["sideways", "2026-01-01T00:00:00+00:00", 1],
                {"after": 1},
                7,
            )
        ),
    ],
)
def test_a_made_up_token_is_page_one(session: Session, token: str) -> None:
    assert ids(paging.read_page(session, select(Person), BY_TIME, token, size=3)) == [1, 2, 3]


def test_what_no_database_can_take_is_page_one(session: Session) -> None:
    text = base64.urlsafe_b64encode(json.dumps(["after", "a\0", 1]).encode()).decode()
    assert ids(paging.read_page(session, select(Person), BY_NAME, text, size=2)) == [1, 2]
    big = base64.urlsafe_b64encode(json.dumps(["after", 2**40]).encode()).decode()
    assert paging.read_page(session, select(Message), [Message.id], big).rows == []


def test_a_token_of_nothing_but_brackets_is_page_one(session: Session) -> None:
    brackets = base64.urlsafe_b64encode(b"[" * 5000).decode()
    assert ids(paging.read_page(session, select(Person), BY_NAME, brackets, size=2)) == [1, 2]

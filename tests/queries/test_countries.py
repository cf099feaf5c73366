"""Countries of numbers in statements are those that the library says, on both databases."""

import random

import phonenumbers
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin import clock, phone
from optin.models import Person
from optin.queries import countries


@pytest.fixture
def numbers(session: Session) -> list[str]:
    """Numbers as the library's examples have them, of each country, the most of one."""
    kind = phonenumbers.PhoneNumberType.MOBILE
    found = {"+14155550134", "+14155550135", "+12125550136", "+18335550134", "+88213123456"}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is not None:
            found.add(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))
    shuffled = sorted(found)
    random.Random(3).shuffle(shuffled)
    session.add_all([_person(number) for number in shuffled])
    session.commit()
    return shuffled


def _person(number: str) -> Person:
    now = clock.now()
    return Person(
        kind="contact", first_name="A", last_name="B", sort_name="b a", mobile=number, created_at=now, updated_at=now
    )


def test_a_column_says_the_country_of_each_number(session: Session, numbers: list[str]) -> None:
    start = countries.prefix(Person.mobile)
    found = countries.read(
        tuple(row) for row in session.execute(select(start, func.min(Person.mobile), func.count()).group_by(start))
    )
    assert next(iter(found.prefixes)) == "US"
    assert found.only is None
    said = dict(tuple(row) for row in session.execute(select(Person.mobile, found.column(Person.mobile))))
    wrong = {
        number: (said[number], phone.country(number)) for number in numbers if said[number] != phone.country(number)
    }
    assert wrong == {}
    assert len(set(said.values())) > 200


def test_one_country_is_the_only_one() -> None:
    assert countries.read([("+1415", "+14155550134", 2), ("+1212", "+12125550134", 1)]).only == "US"
    assert countries.read([]).only is None


def test_the_shared_country_codes_are_those_of_the_library() -> None:
    several = {code for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items() if len(regions) > 1}
    assert set(countries.SHARED) == {f"+{code}" for code in several - {1}}

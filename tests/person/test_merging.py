"""Two records become one, and two again: fields, campaigns, links, consent of each number, and nobody washed clean."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from optin import clock as clocks
from optin.consent import consent_status, ledger
from optin.consent.consent_status import StatusKind
from optin.consent.events import Act
from optin.consent.verifying import Found, differences
from optin.enums import EventKind, MessageStatus, OptInSource, OptInStatus, PersonKind
from optin.features.campaigns import members
from optin.models import (
    AuditEntry,
    Campaign,
    CampaignMember,
    ConsentEvent,
    ConsentPayload,
    Hold,
    Keyword,
    Message,
    OptIn,
    OptInPerson,
    OwnField,
    OwnValue,
    Person,
    PersonMerge,
    User,
)
from optin.person import merging, records, undoing_merges
from optin.person.merging import Merged
from optin.person.undoing_merges import Undone
from optin.queries import merged_people
from optin.refused import Refused, done
from tests.conftest import Clock
from tests.support import outbox, own_fields, world

ONE, TWO, THREE = "+12065550147", "+12065550163", "+12065550170"


def merge(session: Session, kept: Person, other: Person, agreed: str = "", **values: Any) -> Merged:
    """Merge with what the kept record has, what is empty from the other, but for `values`."""
    best = {name: getattr(kept, name) or getattr(other, name) for name in records.FIELDS}
    made = done(merging.merge(session, kept, other, {**best, **values}, None, agreed=agreed))
    session.commit()
    return made


def undo(session: Session, made: Merged) -> Undone:
    undone = done(undoing_merges.undo(session, made.merge_id, None))
    session.commit()
    session.expire_all()
    return undone


def status(session: Session, number: str) -> StatusKind:
    return consent_status.of_number(session, number).kind


@pytest.fixture
def keyword(session: Session) -> Keyword:
    return world.keyword(session)


@pytest.fixture
def noor(session: Session) -> Person:
    return world.person(session, "Noor Haddad", ONE)


@pytest.fixture
def nora(session: Session) -> Person:
    person = world.person(session, "Nora Hadad", TWO, PersonKind.LEAD)
    person.email, person.notes = "nora@example.org", "met at the pier"
    session.commit()
    return person


def test_the_kept_record_has_what_was_chosen_and_the_other_is_found_nowhere(
    session: Session, noor: Person, nora: Person
) -> None:
    merge(session, noor, nora, first_name="Nora")
    assert (noor.first_name, noor.last_name, noor.email, noor.notes, noor.mobile) == (
        "Nora", "Haddad", "nora@example.org", "met at the pier", ONE)  # fmt: skip
    assert noor.sort_name == "haddad nora"
    assert (nora.kind, nora.mobile, nora.email, nora.sort_name, nora.merged_into_id) == (
        "merged",
        None,
        "",
        "",
        noor.id,
    )
    assert nora.name_in("US") == "Nora Haddad"
    assert merged_people.kept(session, nora) is noor


def test_a_number_that_is_given_up_ends_what_a_change_of_number_would(
    session: Session, keyword: Keyword, noor: Person, nora: Person
) -> None:
    for number in (ONE, TWO):
        world.text(session, "volunteer", number)
    told = [opt_in.id for opt_in in records.what_ends(session, nora, ONE)]
    assert len(told) == merge(session, noor, nora).ended_opt_ins == 1
    assert status(session, ONE) is StatusKind.OPTED_IN
    assert session.scalars(select(OptIn.end_reason).where(OptIn.id.in_(told))).all() == ["number_changed"]


def test_a_number_that_both_have_ends_nothing(session: Session, keyword: Keyword, noor: Person, nora: Person) -> None:
    done(records.change(session, nora, {"mobile": ONE}, None))
    world.text(session, "volunteer", ONE)
    assert merge(session, noor, nora).ended_opt_ins == 0
    assert status(session, ONE) is StatusKind.OPTED_IN
    assert session.scalars(select(OptInPerson.person_id)).all() == [noor.id]


@pytest.mark.parametrize("number", [ONE, TWO])
@pytest.mark.parametrize("left", [ONE, TWO])
def test_an_opt_out_of_either_number_goes_with_the_one_that_stays(
    session: Session, keyword: Keyword, noor: Person, nora: Person, number: str, left: str
) -> None:
    world.text(session, "volunteer", TWO if left == ONE else ONE)
    world.text(session, "STOP", left)
    merge(session, noor, nora, mobile=number)
    assert status(session, number) is status(session, left) is StatusKind.OPTED_OUT


def test_how_they_agreed_keeps_the_number_as_it_is(
    session: Session, keyword: Keyword, noor: Person, nora: Person
) -> None:
    world.text(session, "volunteer", ONE)
    world.text(session, "STOP", TWO)
    merge(session, noor, nora, agreed="asked at the desk, 3 May")
    assert status(session, ONE) is StatusKind.OPTED_IN
    words = select(ConsentEvent.kind, ConsentPayload.text).join(ConsentPayload).where(ConsentPayload.number == ONE)
    assert (EventKind.AGREED, "asked at the desk, 3 May") in {tuple(row) for row in session.execute(words)}


@pytest.mark.parametrize("refilled", [False, True])
@pytest.mark.parametrize("kept_first", [True, False])
def test_a_number_taken_away_before_a_merge_still_counts_after_it(
    session: Session, noor: Person, nora: Person, kept_first: bool, refilled: bool
) -> None:
    """Also in an Optin that was filled from an export, which leaves out what undoing merges needs."""
    world.text(session, "STOP", TWO)
    for person in (noor, nora):
        done(records.change(session, person, {"mobile": ""}, None))
    kept, other = (noor, nora) if kept_first else (nora, noor)
    other.kind = kept.kind
    merge(session, kept, other)
    assert kept.mobile is None
    if refilled:
        session.execute(delete(PersonMerge))
    done(records.change(session, kept, {"mobile": THREE}, None))
    assert status(session, THREE) is StatusKind.OPTED_OUT


def test_the_opt_out_of_a_number_that_the_other_had_counts(session: Session, noor: Person, nora: Person) -> None:
    world.text(session, "STOP", TWO)
    done(records.change(session, nora, {"mobile": ""}, None))
    merge(session, noor, nora)
    assert status(session, ONE) is StatusKind.OPTED_OUT


@pytest.fixture
def campaign(session: Session, user: User) -> Campaign:
    made = Campaign(name="Pier", created_at=clocks.now(), updated_at=clocks.now())
    session.add(made)
    session.commit()
    return made


@pytest.fixture
def user(session: Session) -> User:
    made = User(email="ana@example.org", name="Ana", role="agent", password_hash="", created_at=clocks.now())
    session.add(made)
    session.commit()
    return made


def member(session: Session, campaign: Campaign, person: Person, *, removed: bool = False) -> CampaignMember:
    made = CampaignMember(
        campaign_id=campaign.id,
        person_id=person.id,
        number=person.mobile,
        added_at=clocks.now(),
        removed_at=clocks.now() if removed else None,
    )
    session.add(made)
    session.commit()
    return made


@pytest.mark.parametrize("kept_is", [None, "in", "removed"])
@pytest.mark.parametrize("other_is", ["in", "removed"])
def test_one_membership_is_left_and_who_was_removed_stays_removed(
    session: Session, noor: Person, nora: Person, campaign: Campaign, kept_is: str | None, other_is: str, clock: Clock
) -> None:
    rows = {nora.id: member(session, campaign, nora, removed=other_is == "removed")}
    if kept_is:
        rows[noor.id] = member(session, campaign, noor, removed=kept_is == "removed")
    clock.forward(minutes=1)
    made = merge(session, noor, nora)
    stays = select(CampaignMember.person_id, CampaignMember.number).where(CampaignMember.removed_at.is_(None))
    expected = [] if "removed" in (kept_is, other_is) else [(noor.id, ONE)]
    assert [tuple(row) for row in session.execute(stays)] == expected
    undo(session, made)
    found = select(CampaignMember.person_id, CampaignMember.removed_at.is_not(None), CampaignMember.number)
    assert {tuple(row) for row in session.execute(found)} == {
        (nora.id, other_is == "removed", TWO),
        *([(noor.id, kept_is == "removed", ONE)] if kept_is else []),
    }


def test_who_is_removed_after_the_merge_is_not_brought_back_by_its_undo(
    session: Session, noor: Person, nora: Person, campaign: Campaign, clock: Clock, user: User
) -> None:
    for person in (noor, nora):
        member(session, campaign, person)
    made = merge(session, noor, nora)
    clock.forward(minutes=1)
    row = session.scalars(select(CampaignMember).where(CampaignMember.person_id == noor.id)).one()
    members.remove(session, row, user.id, "US")
    undo(session, made)
    assert session.scalars(select(CampaignMember.id).where(CampaignMember.removed_at.is_(None))).all() == []


def test_what_comes_to_the_merged_record_from_a_page_of_before_goes_to_the_kept_one(
    session: Session, noor: Person, nora: Person, campaign: Campaign
) -> None:
    merge(session, noor, nora)
    member(session, campaign, nora)
    merging.gather_strays(session, clocks.now())
    session.commit()
    row = session.scalars(select(CampaignMember)).one()
    assert (row.person_id, row.number, row.removed_at) == (noor.id, ONE, None)
    merging.gather_strays(session, clocks.now())


def test_what_waits_goes_with_the_number_that_stays_and_not_with_the_other(
    session: Session, noor: Person, nora: Person
) -> None:
    waits, ends = outbox.one_to_one(session, TWO), outbox.one_to_one(session, ONE)
    waits.person_id, ends.person_id = nora.id, noor.id
    session.commit()
    merge(session, noor, nora, mobile=TWO)
    session.expire_all()
    assert (waits.status, waits.person_id) == (MessageStatus.QUEUED, noor.id)
    assert ends.status == MessageStatus.CANCELLED


def test_messages_stay_with_the_merged_record_which_is_part_of_the_kept_one(
    session: Session, noor: Person, nora: Person
) -> None:
    text = world.text(session, "hello", TWO)
    assert text.person_id == nora.id
    merge(session, noor, nora)
    assert session.get_one(Message, text.id).person_id == nora.id
    assert merged_people.ids_of(session, noor.id) == [noor.id, nora.id]


def test_an_undo_brings_both_back_with_what_the_merge_ended(
    session: Session, keyword: Keyword, noor: Person, nora: Person, clock: Clock
) -> None:
    before = {person.id: merging.values_of(person) for person in (noor, nora)}
    for number in (ONE, TWO):
        world.text(session, "volunteer", number)
    links = set(session.execute(select(OptInPerson.opt_in_id, OptInPerson.person_id, OptInPerson.ended_at)))
    clock.forward(minutes=1)
    made = merge(session, noor, nora, mobile=TWO, first_name="Nora")
    clock.forward(hours=23)
    undone = undo(session, made)
    assert {person.id: merging.values_of(person) for person in (noor, nora)} == before
    assert undone.stays == []
    assert status(session, ONE) is status(session, TWO) is StatusKind.OPTED_IN
    kinds = session.scalars(select(ConsentEvent.kind).order_by(ConsentEvent.id)).all()
    assert EventKind.MERGE_UNDONE in kinds
    after = set(session.execute(select(OptInPerson.opt_in_id, OptInPerson.person_id, OptInPerson.ended_at)))
    assert after == links
    assert nora.merged_into_id is None


def test_an_undo_lifts_the_opt_out_that_the_merge_alone_made(
    session: Session, keyword: Keyword, noor: Person, nora: Person, clock: Clock
) -> None:
    world.text(session, "volunteer", ONE)
    world.text(session, "STOP", TWO)
    made = merge(session, noor, nora)
    assert status(session, ONE) is StatusKind.OPTED_OUT
    clock.forward(minutes=1)
    undo(session, made)
    assert status(session, ONE) is StatusKind.OPTED_IN
    assert status(session, TWO) is StatusKind.OPTED_OUT


@pytest.mark.parametrize("left", [ONE, TWO])
def test_who_left_after_the_merge_stays_out_after_its_undo(
    session: Session, keyword: Keyword, noor: Person, nora: Person, clock: Clock, left: str
) -> None:
    for number in (ONE, TWO):
        world.text(session, "volunteer", number)
    made = merge(session, noor, nora)
    clock.forward(minutes=1)
    world.text(session, "STOP", left)
    clock.forward(minutes=1)
    undo(session, made)
    assert status(session, left) is StatusKind.OPTED_OUT
    if left == ONE:  # by the number that stood for both
        assert status(session, TWO) is StatusKind.OPTED_OUT


def test_a_hold_that_the_merge_ended_holds_again(
    session: Session, keyword: Keyword, noor: Person, nora: Person, clock: Clock
) -> None:
    world.text(session, "volunteer", ONE)
    world.text(session, "we have to stop this bill", ONE)
    world.text(session, "STOP", TWO)
    made = merge(session, noor, nora)
    assert session.scalars(select(Hold.id).where(Hold.ended_at.is_(None))).all() == []
    clock.forward(minutes=1)
    undo(session, made)
    assert len(session.scalars(select(Hold.id).where(Hold.ended_at.is_(None), Hold.number == ONE)).all()) == 1


def test_a_number_that_somebody_else_was_given_since_revives_nothing(
    session: Session, keyword: Keyword, noor: Person, nora: Person, clock: Clock
) -> None:
    world.text(session, "volunteer", TWO)
    made = merge(session, noor, nora)
    clock.forward(minutes=1)
    done(records.create(session, PersonKind.CONTACT, {"first_name": "New", "mobile": TWO}, None))
    undo(session, made)
    assert session.scalars(select(OptIn.status)).all() == [OptInStatus.INACTIVE]


def test_what_was_changed_since_stays_and_is_said(session: Session, noor: Person, nora: Person, clock: Clock) -> None:
    made = merge(session, noor, nora, first_name="Nora")
    clock.forward(minutes=1)
    done(records.change(session, noor, {"first_name": "Nour"}, None))
    assert undo(session, made).stays == ["first_name"]
    assert (noor.first_name, nora.first_name) == ("Nour", "Nora")


def test_undo_is_refused_after_a_day_twice_and_under_a_later_merge(
    session: Session, noor: Person, nora: Person, clock: Clock
) -> None:
    third = world.person(session, "N Haddad", THREE)
    first = merge(session, noor, nora)
    second = merge(session, noor, third)
    assert "Undo that merge first" in refused(session, first)
    undo(session, second)
    undo(session, first)
    assert "undone already" in refused(session, first)
    again = merge(session, noor, nora)
    clock.forward(days=1)
    assert "older" in refused(session, again)
    merging.forget_old(session, clocks.now() + timedelta(minutes=1))
    assert session.get_one(PersonMerge, again.merge_id).before is None


def refused(session: Session, made: Merged) -> str:
    result = undoing_merges.undo(session, made.merge_id, None)
    assert isinstance(result, Refused)
    session.rollback()
    return result.sentence


def test_a_merge_of_what_was_merged_or_seen_otherwise_is_refused(session: Session, noor: Person, nora: Person) -> None:
    values = merging.values_of(noor)
    seen = merging.version(noor, nora)
    done(records.change(session, nora, {"company": "Harbor Friends"}, None))
    result = merging.merge(session, noor, nora, values, None, seen=seen)
    assert result == merging.CHANGED
    assert isinstance(merging.merge(session, nora, noor, {**values, "mobile": TWO}, None), Refused)
    merge(session, noor, nora)
    assert merging.merge(session, noor, nora, values, None) == merging.GONE
    assert merging.merge(session, noor, noor, values, None) == merging.GONE


def test_both_trails_say_it(session: Session, noor: Person, nora: Person) -> None:
    made = merge(session, noor, nora)
    undo(session, made)
    told = select(AuditEntry.subject_id, AuditEntry.action, AuditEntry.field, AuditEntry.after)
    found = {tuple(row) for row in session.execute(told)}
    assert (noor.id, "merged", "merged_with", "Nora Hadad") in found
    assert (nora.id, "merged", "merged_into", "Noor Haddad") in found
    assert {action for _, action, _, _ in found} >= {"merge undone"}


def test_a_number_had_by_a_merge_alone_is_no_earlier_number(
    session: Session, noor: Person, nora: Person, clock: Clock
) -> None:
    world.text(session, "STOP", TWO)
    made = merge(session, noor, nora, mobile=TWO)
    clock.forward(minutes=1)
    undo(session, made)
    assert records.opted_out_with(session, noor, merged_people.ids_of(session, noor.id)) is None
    ledger.lock_number(session, THREE)
    done(records.change(session, noor, {"mobile": THREE}, None))
    assert status(session, THREE) is StatusKind.NONE


def test_deleting_the_kept_record_takes_the_merged_one_along(session: Session, noor: Person, nora: Person) -> None:
    merge(session, noor, nora)
    records.delete(session, noor, None)
    session.commit()
    assert session.scalars(select(Person.id)).all() == []
    assert session.scalars(select(PersonMerge.id)).all() == []


def test_an_empty_record_whose_kept_one_went_by_itself_is_swept(session: Session, noor: Person, nora: Person) -> None:
    merge(session, noor, nora)
    session.delete(noor)
    session.commit()
    assert merged_people.kept(session, nora) is None
    merging.forget_old(session, clocks.now())
    session.commit()
    assert session.scalars(select(Person.id)).all() == []


def test_an_act_older_than_the_merge_is_found_after_it(
    session: Session, keyword: Keyword, noor: Person, nora: Person, clock: Clock
) -> None:
    """A STOP that Twilio's list brings late counts against the undo, although its own date is before the merge."""
    for number in (ONE, TWO):
        world.text(session, "volunteer", number)
    clock.forward(minutes=5)
    made = merge(session, noor, nora)
    clock.forward(minutes=1)
    late = Act(source=OptInSource.SMS, at=clocks.now(), provider_at=clocks.now() - timedelta(minutes=3))
    ledger.opt_out(session, TWO, late)
    undo(session, made)
    assert status(session, TWO) is StatusKind.OPTED_OUT


def test_fields_of_ones_own_are_filled_where_they_are_empty_and_come_back(
    session: Session, noor: Person, nora: Person
) -> None:
    fields = [OwnField(key=key, label=key, kind="text", place=1, created_at=clocks.now()) for key in ("size", "pet")]
    session.add_all(fields)
    session.flush()
    size, pet = (each.id for each in fields)
    for person, field, text in ((noor, size, "S"), (nora, size, "L"), (nora, pet, "cat")):
        session.add(OwnValue(person_id=person.id, field_id=field, text=text, folded=text.lower()))
    session.commit()
    before = {(row.person_id, row.field_id, row.text) for row in session.scalars(select(OwnValue))}
    made = merge(session, noor, nora)
    mine = select(OwnValue.field_id, OwnValue.text).where(OwnValue.person_id == noor.id)
    assert {tuple(row) for row in session.execute(mine)} == {(size, "S"), (pet, "cat")}
    undo(session, made)
    assert {(row.person_id, row.field_id, row.text) for row in session.scalars(select(OwnValue))} == before


def test_a_field_of_ones_own_is_chosen_and_the_undo_brings_it_back(
    session: Session, noor: Person, nora: Person
) -> None:
    """Also where the empty value was chosen; what was changed since stays, and is said."""
    size, pet, town, boat = (own_fields.add(session, label) for label in ("Size", "Pet", "Town", "Boat"))
    for person, field, text in ((noor, size, "S"), (nora, size, "L"), (noor, pet, "cat"), (nora, town, "Kiel"),
                                (noor, boat, "Ida"), (nora, boat, "Lis")):  # fmt: skip
        own_fields.put(session, field, person, text)
    before = own_fields.kept(session)
    names = {f"own-{field.key}": True for field in (size, pet, boat)} | {f"own-{town.key}": False}
    best = {name: getattr(noor, name) or getattr(nora, name) for name in records.FIELDS}
    made = done(merging.merge(session, noor, nora, best, None, own=names))
    session.commit()
    assert own_fields.of(session, noor) == ["L", "Lis"]
    trail = select(AuditEntry.field, AuditEntry.before, AuditEntry.after).where(AuditEntry.field.startswith("own-"))
    told = {tuple(row) for row in session.execute(trail)}
    assert told == {("own-size", "S", "L"), ("own-pet", "cat", ""), ("own-boat", "Ida", "Lis")}
    own_fields.put(session, boat, noor, "Eva")
    undone = undo(session, made)
    assert undone.stays == ["own-boat"]
    assert own_fields.of(session, noor) == ["S", "cat", "Eva"]
    own_fields.put(session, boat, noor, "Ida")
    assert own_fields.kept(session) == before


def test_an_undo_knows_fields_of_ones_own_as_they_are_by_then(session: Session, noor: Person, nora: Person) -> None:
    """A field that was deleted stays so; one of another kind takes what still fits."""
    size, pet = own_fields.add(session, "Size"), own_fields.add(session, "Pet")
    for person, field, text in ((noor, size, "S"), (nora, size, "42"), (noor, pet, "cat")):
        own_fields.put(session, field, person, text)
    best = {name: getattr(noor, name) or getattr(nora, name) for name in records.FIELDS}
    made = done(merging.merge(session, noor, nora, best, None, own={"own-size": True, "own-pet": True}))
    session.get_one(OwnField, size.id).kind = "number"
    session.get_one(OwnField, pet.id).deleted_at = clocks.now()
    session.commit()
    undone = undo(session, made)
    assert undone.stays == ["own-size"], "S is no number"
    assert own_fields.of(session, noor) == ["42"]


@pytest.mark.parametrize("kept_number", [ONE, TWO])
def test_the_log_leads_to_what_is_stored_after_a_merge_and_its_undo(
    session: Session, clock: Clock, keyword: Keyword, noor: Person, nora: Person, kept_number: str
) -> None:
    """With opt-ins of both numbers, and an opt-out that goes along."""
    world.text(session, "volunteer", ONE)
    world.text(session, "volunteer", TWO)
    ida = world.person(session, "Ida Stone", THREE)
    world.text(session, "STOP", THREE)
    clock.forward(minutes=1)
    first = merge(session, noor, nora, mobile=kept_number)
    clock.forward(minutes=1)
    second = merge(session, noor, ida, mobile=kept_number)
    assert second.stays_out
    for undone in (None, second, first):
        if undone:
            clock.forward(minutes=1)
            undo(session, undone)
        found = Found()
        assert list(differences(session.get_bind(), found)) == []
        assert found.numbers == 3

"""Changing a person, as form and scripts do it: what ends with a number, what stays, and two changes at once."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import consent_status, ledger
from optin.consent.events import Act
from optin.enums import OptInSource, OptInStatus, PersonKind
from optin.models import Campaign, CampaignMember, Keyword, Message, OptIn, OptInPerson, Person
from optin.person import records
from optin.policy.audit import history
from optin.refused import Refused, done

OLD, NEW = "+12065550147", "+12065550163"


@pytest.fixture
def keywords(session: Session) -> list[Keyword]:
    """The keywords volunteer and donate2026."""
    made = [Keyword(word=word, created_at=clock.now()) for word in ("volunteer", "donate2026")]
    session.add_all(made)
    session.flush()
    return made


@pytest.fixture
def opt_in(session: Session, keywords: list[Keyword]) -> Callable[[str], None]:
    """Let a number opt in with both keywords."""

    def texted(number: str) -> None:
        for keyword in keywords:
            ledger.opt_in(session, number, keyword, Act(source=OptInSource.SMS, at=clock.now(), text=keyword.word))

    return texted


def contact(session: Session, mobile: str = OLD, **more: str) -> Person:
    fields = {"first_name": "Noor", "last_name": "Haddad", "mobile": mobile, **more}
    return done(records.create(session, PersonKind.CONTACT, fields, None))


def statuses(session: Session, number: str) -> list[str]:
    """The state of each opt-in of a number, oldest first."""
    return [opt_in.state for opt_in in session.scalars(select(OptIn).where(OptIn.number == number).order_by(OptIn.id))]


@pytest.mark.parametrize(
    ("fields", "sort_name", "zones"),
    [
        (
            {"first_name": "Noor", "last_name": "Haddad", "mobile": "(206) 555-0163"},
            "haddad noor",
            "America/Los_Angeles",
        ),
        ({"last_name": "STRASSE"}, "strasse", ""),
        ({"last_name": "Straße"}, "strasse", ""),
        (
            {"mobile": "+44 7911 123456"},
            "+447911123456",
            "Europe/Guernsey|Europe/Isle_of_Man|Europe/Jersey|Europe/London",
        ),
        ({"email": "Noor@Example.org"}, "noor@example.org", ""),
        ({"first_name": "Al", "mobile": "206 555 0163", "time_zone": "Asia/Tokyo"}, "al", "Asia/Tokyo"),
    ],
)
def test_a_person_is_stored_with_what_lists_and_audiences_need(
    session: Session, fields: dict[str, str], sort_name: str, zones: str
) -> None:
    person = done(records.create(session, PersonKind.LEAD, fields, None))
    assert (person.sort_name, person.zones) == (sort_name, zones)


def test_a_toll_free_number_keeps_all_of_its_zones(session: Session) -> None:
    assert "Pacific/Honolulu" in contact(session, "+18005551212").zones
    session.commit()


def test_control_characters_and_unknown_fields_are_kept_out(session: Session) -> None:
    assert contact(session, first_name=" No\x00or\x07 ").first_name == "Noor"
    with pytest.raises(TypeError):
        done(records.create(session, PersonKind.LEAD, {"nickname": "N"}, None))


def test_a_number_that_is_not_valid_is_refused_unless_it_texted_us(session: Session) -> None:
    refused = records.create(session, PersonKind.CONTACT, {"mobile": "+15550001111"}, None)
    assert isinstance(refused, Refused)
    assert (refused.sentence, refused.field) == ("That number does not exist: check its digits.", "mobile")
    assert session.scalars(select(Person)).all() == []
    now = clock.now()
    session.add(Message(direction="inbound", number="+15550001111", status="received", created_at=now, updated_at=now))
    assert contact(session, "+1 555-000-1111").mobile == "+15550001111"


def test_a_refused_change_changes_nothing(session: Session, opt_in: Callable[[str], None]) -> None:
    person = contact(session)
    opt_in(OLD)
    refused = records.change(session, person, {"first_name": "Ana", "mobile": "12", "owner_id": None}, None)
    assert isinstance(refused, Refused)
    assert (person.first_name, person.mobile) == ("Noor", OLD)
    assert not session.dirty
    assert statuses(session, OLD) == [OptInStatus.ACTIVE, OptInStatus.ACTIVE]


def test_a_new_person_is_linked_to_the_opt_ins_of_their_number(session: Session, opt_in: Callable[[str], None]) -> None:
    opt_in(OLD)
    person = contact(session)
    linked = session.scalars(select(OptInPerson.person_id)).all()
    assert linked == [person.id, person.id]


@pytest.mark.parametrize("spelling", ["(206) 555-0147", "206.555.0147", " +1 206 555 0147 ", "1-206-555-0147"])
def test_another_spelling_of_the_number_ends_nothing(
    session: Session, opt_in: Callable[[str], None], spelling: str
) -> None:
    person = contact(session)
    opt_in(OLD)
    assert done(records.change(session, person, {"mobile": spelling}, None)) == records.PersonChanges()
    assert statuses(session, OLD) == [OptInStatus.ACTIVE, OptInStatus.ACTIVE]


@pytest.mark.parametrize("new", ["(206) 555-0163", ""])
def test_another_number_or_none_ends_the_opt_ins_of_the_old_one(
    session: Session, opt_in: Callable[[str], None], new: str
) -> None:
    person = contact(session)
    opt_in(OLD)
    warned = records.what_ends(session, person, done(records.read_mobile(session, new, "US")))
    changed = done(records.change(session, person, {"mobile": new}, None))
    assert [row.keyword.word for row in changed.ended_opt_ins] == ["volunteer", "donate2026"]
    assert [row.id for row in warned] == [row.id for row in changed.ended_opt_ins]
    assert statuses(session, OLD) == ["number_changed", "number_changed"]
    if person.mobile:
        assert consent_status.of_number(session, NEW).label == "No opt-in"


def test_memberships_follow_the_number_and_its_zones(session: Session) -> None:
    person = contact(session)
    campaign = Campaign(name="Volunteer Campaign", created_at=clock.now(), updated_at=clock.now())
    member = CampaignMember(campaign=campaign, person=person, number=OLD, zones="x", added_at=clock.now())
    session.add_all([campaign, member])
    session.flush()
    done(records.change(session, person, {"mobile": "+1 404 555 0100"}, None))
    session.refresh(member)
    assert (member.number, member.zones) == ("+14045550100", "America/New_York")
    done(records.change(session, person, {"time_zone": "Europe/Berlin"}, None))
    session.refresh(member)
    assert member.zones == "Europe/Berlin"


def test_the_opt_ins_stay_while_somebody_else_has_the_number(session: Session, opt_in: Callable[[str], None]) -> None:
    noor = contact(session)
    paulo = contact(session, first_name="Paulo")
    opt_in(OLD)
    assert records.what_ends(session, noor, NEW) == []
    assert done(records.change(session, noor, {"mobile": NEW}, None)).ended_opt_ins == []
    assert statuses(session, OLD) == [OptInStatus.ACTIVE, OptInStatus.ACTIVE]
    assert len(done(records.change(session, paulo, {"mobile": NEW}, None)).ended_opt_ins) == 2


def test_changing_back_revives_nothing(session: Session, opt_in: Callable[[str], None]) -> None:
    person = contact(session)
    opt_in(OLD)
    done(records.change(session, person, {"mobile": NEW}, None))
    done(records.change(session, person, {"mobile": OLD}, None))
    assert statuses(session, OLD) == ["number_changed", "number_changed"]
    assert consent_status.of_number(session, OLD).label == "No opt-in"


def test_the_new_number_keeps_opt_ins_of_its_own(session: Session, opt_in: Callable[[str], None]) -> None:
    person = contact(session)
    opt_in(NEW)
    done(records.change(session, person, {"mobile": NEW}, None))
    assert consent_status.of_number(session, NEW).label == "Opted in with volunteer, donate2026"
    assert set(session.scalars(select(OptInPerson.person_id))) == {person.id}


def test_an_opt_out_stays_with_the_old_number(session: Session) -> None:
    person = contact(session)
    ledger.opt_out(session, OLD, Act(source=OptInSource.SMS, at=clock.now(), text="STOP"))
    done(records.change(session, person, {"mobile": NEW}, None, None, "agreed at the desk"))
    assert consent_status.of_number(session, OLD).label == "Opted out"
    assert consent_status.of_number(session, NEW).label == "No opt-in"


def test_what_waits_for_the_old_number_is_cancelled(session: Session) -> None:
    person = contact(session)
    now = clock.now()
    given = {"direction": "outbound", "purpose": "one_to_one", "created_at": now, "updated_at": now, "body": "hi"}
    waiting = [
        Message(number=OLD, person_id=person.id, status="queued", **given),
        Message(number=OLD, person_id=person.id, status="sending", **given),
        Message(number=OLD, person_id=None, status="queued", **given),
    ]
    session.add_all(waiting)
    session.flush()
    done(records.change(session, person, {"mobile": NEW}, None))
    session.expire_all()
    assert [message.status for message in waiting] == ["cancelled", "sending", "queued"]


def test_deleting_a_person_keeps_the_number_s_consent(session: Session, opt_in: Callable[[str], None]) -> None:
    person = contact(session)
    opt_in(OLD)
    records.delete(session, person, None)
    session.commit()
    assert session.scalars(select(Person)).all() == []
    assert statuses(session, OLD) == [OptInStatus.ACTIVE, OptInStatus.ACTIVE]


def test_a_lead_becomes_a_contact_once(session: Session) -> None:
    lead = done(records.create(session, PersonKind.LEAD, {"last_name": "Baker"}, None))
    assert records.convert(session, lead, None)
    assert not records.convert(session, lead, None)
    session.refresh(lead)
    assert lead.kind == PersonKind.CONTACT
    actions = [entry.action for entry in session.scalars(history("person", lead.id))]
    assert actions == ["converted", "created"]


def test_the_history_says_from_and_to_and_what_ended(session: Session, opt_in: Callable[[str], None]) -> None:
    person = contact(session)
    opt_in(OLD)
    done(records.change(session, person, {"mobile": NEW, "company": "Harbor Friends", "notes": ""}, None))
    session.flush()
    entries = session.scalars(history("person", person.id).limit(3)).all()
    assert {(entry.field, entry.before, entry.after) for entry in entries} == {
        ("company", "", "Harbor Friends"),
        ("mobile", OLD, NEW),
        ("opt_ins_ended", "", "volunteer, donate2026"),
    }


def at_once(session: Session, *acts: Callable[[Session], object]) -> None:
    """Run each act in a transaction of its own, all at the same time; raise what any of them raised."""
    session.commit()
    engine, gate, errors = session.get_bind(), threading.Barrier(len(acts)), []

    def run(act: Callable[[Session], object]) -> None:
        try:
            with Session(engine) as own:
                gate.wait()
                act(own)
                own.commit()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.expire_all()
    assert errors == []


def change_to(person_id: int, mobile: str) -> Callable[[Session], object]:
    return lambda own: done(records.change(own, own.get_one(Person, person_id), {"mobile": mobile}, None))


def test_two_changes_of_one_person_at_once_follow_one_another(session: Session, opt_in: Callable[[str], None]) -> None:
    person = contact(session)
    opt_in(OLD)
    opt_in(NEW)
    at_once(session, change_to(person.id, NEW), change_to(person.id, "+12065550188"), change_to(person.id, ""))
    last = session.get_one(Person, person.id).mobile
    assert statuses(session, OLD) == ["number_changed", "number_changed"]
    assert last in (NEW, "+12065550188", None)
    links = session.scalars(select(OptInPerson).where(OptInPerson.ended_at.is_(None))).all()
    assert {session.get_one(OptIn, link.opt_in_id).number for link in links} <= {last}


def test_the_last_of_two_people_who_leave_a_number_at_once_ends_its_opt_ins(
    session: Session, opt_in: Callable[[str], None]
) -> None:
    noor, paulo = contact(session), contact(session, first_name="Paulo")
    opt_in(OLD)
    at_once(session, change_to(noor.id, NEW), change_to(paulo.id, "+12065550188"))
    assert statuses(session, OLD) == ["number_changed", "number_changed"]


def test_a_keyword_that_arrives_during_a_change_does_not_stand_still(
    session: Session, keywords: list[Keyword], opt_in: Callable[[str], None]
) -> None:
    person, keyword_id = contact(session), keywords[0].id
    opt_in(OLD)

    def text(own: Session) -> None:
        act = Act(source=OptInSource.SMS, at=clock.now(), text="volunteer")
        ledger.opt_in(own, OLD, own.get_one(Keyword, keyword_id), act)

    at_once(session, *[change_to(person.id, NEW), text] * 3)
    assert session.get_one(Person, person.id).mobile == NEW

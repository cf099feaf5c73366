"""Short links are part of the texts that are sent: made once with the messages, one for each link, as was counted."""

import random
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from optin import clock as optin_clock
from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus, Purpose, Variant
from optin.models import Broadcast, Campaign, Message, ShortLink, VariantMessage
from optin.sending import delivery, put_out, scheduled, unknown_outcomes, variants
from optin.short_links import keeping
from optin.texts import links, merge_fields, segments
from optin.texts.text_test import TextTest
from tests.support import outbox, short_links
from tests.support.provider import Provider, gateway_to, serve_provider
from tests.support.short_links import HOST

CALLBACK = "http://127.0.0.1:9/webhooks/twilio/status"
TEXT = "Hi {{ first_name | you }}: https://a.example/x, https://b.example/y. Again: https://a.example/x!"
NUMBERS = ["+14155550101", "+14155550102"]


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve_provider() as provider:
        yield provider


@pytest.fixture
def begun(session: Session) -> Callable[..., Broadcast]:
    """Begin a broadcast to two people who opted in."""

    def begin(body: str = TEXT, *, shortens: bool = True, other_body: str | None = None) -> Broadcast:
        outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
        made = outbox.broadcast(session, body=body)
        made.shortens, made.other_body = shortens, other_body
        outbox.add_people(session, made, NUMBERS)
        session.query(Message).delete()
        put_out.begin(session, session.get_one(Campaign, made.campaign_id), made, None)
        session.commit()
        return made

    return begin


def kept(session: Session) -> list[tuple[str, str, str]]:
    rows = select(ShortLink.variant, ShortLink.link, ShortLink.host).order_by(ShortLink.id)
    return [tuple(row) for row in session.execute(rows)]


def send_all(session: Session, engine: Engine, provider: Provider, broadcast: Broadcast) -> None:
    session.commit()
    while claimed := delivery.claim(engine, broadcast_id=broadcast.id):
        for one in claimed:
            delivery.deliver(engine, gateway_to(provider.url), one, CALLBACK)
    session.expire_all()


def test_what_is_stored_is_what_is_sent(
    session: Session, engine: Engine, provider: Provider, begun: Callable[..., Broadcast]
) -> None:
    short_links.switch_on(session)
    broadcast = begun()
    assert kept(session) == [("a", "https://a.example/x", HOST), ("a", "https://b.example/y", HOST)]
    a, b = (f"https://{HOST}/{code}" for code in session.scalars(select(ShortLink.code).order_by(ShortLink.id)))
    send_all(session, engine, provider, broadcast)
    stored = session.scalars(select(Message).order_by(Message.number)).all()
    assert [each.body for each in stored] == [f"Hi P{number[-4:]}: {a}, {b}. Again: {a}!" for number in NUMBERS]
    assert sorted(text for _, text in provider.texts) == [each.body for each in stored]
    assert [each.segments for each in stored] == [segments.count(each.body).segments for each in stored]
    assert broadcast.body == TEXT, "a copy of it has the long links"


@pytest.mark.parametrize(("shortens", "host"), [(False, HOST), (True, "")])
def test_without_the_box_or_the_domain_links_stay_long(
    session: Session, engine: Engine, provider: Provider, begun: Callable[..., Broadcast], shortens: bool, host: str
) -> None:
    short_links.switch_on(session, host)
    broadcast = begun(shortens=shortens)
    send_all(session, engine, provider, broadcast)
    assert kept(session) == []
    assert all("https://a.example/x, https://b.example/y" in text for _, text in provider.texts)
    assert not broadcast.shortens, "its page says what is so"


def test_what_has_begun_keeps_its_links_whatever_becomes_of_the_setting(
    session: Session, engine: Engine, provider: Provider, begun: Callable[..., Broadcast]
) -> None:
    short_links.switch_on(session)
    broadcast = begun()
    short_links.switch_on(session, "other.example", HOST)
    send_all(session, engine, provider, broadcast)
    assert all(f"https://{HOST}/" in text and "a.example" not in text for _, text in provider.texts)


def test_each_of_two_texts_has_links_of_its_own(session: Session, begun: Callable[..., Broadcast]) -> None:
    short_links.switch_on(session)
    test = TextTest("Come: https://a.example/x")
    broadcast = begun("Join: https://a.example/x", other_body=test.other_body)
    assert [(variant, link) for variant, link, _ in kept(session)] == [
        ("a", "https://a.example/x"),
        ("b", "https://a.example/x"),
    ]
    codes = dict(session.execute(select(ShortLink.variant, ShortLink.code)).all())
    one, two = session.scalars(select(Message.id).order_by(Message.number)).all()
    session.add(VariantMessage(message_id=two, broadcast_id=broadcast.id, variant=Variant.B))
    session.flush()
    said = {one: f"Join: https://{HOST}/{codes['a']}", two: f"Come: https://{HOST}/{codes['b']}"}
    assert variants.bodies(session, [(one, broadcast), (two, broadcast)]) == said
    broadcast.winner = Variant.B
    said[one] = f"Come: https://{HOST}/{codes['b']}"
    assert variants.bodies(session, [(one, broadcast), (two, broadcast)]) == said


def test_a_send_of_unknown_outcome_is_found_by_its_short_text(
    session: Session, begun: Callable[..., Broadcast]
) -> None:
    short_links.switch_on(session)
    begun("Look: https://a.example/x")
    message = session.scalars(select(Message).order_by(Message.id).limit(1)).one()
    code = session.scalars(select(ShortLink.code)).one()
    assert unknown_outcomes._text(session, message) == f"Look: https://{HOST}/{code}"


def test_a_large_broadcast_gets_them_once_with_its_first_part(
    session: Session, begun: Callable[..., Broadcast], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put_out, "AT_ONCE", dict.fromkeys(put_out.AT_ONCE, 1))
    short_links.switch_on(session)
    broadcast = begun()
    assert (broadcast.state, len(kept(session))) == (BroadcastState.QUEUEING, 2)
    session.commit()
    while put_out.put_some(engine, broadcast.id):
        pass
    session.expire_all()
    assert (broadcast.state, len(kept(session))) == (BroadcastState.SENDING, 2)


def test_what_is_refused_leaves_no_link(session: Session, engine: Engine) -> None:
    short_links.switch_on(session)
    keyword = outbox.keyword(session)
    broadcast = outbox.due(session, keyword, TEXT, NUMBERS)
    broadcast.shortens, broadcast.not_after = True, optin_clock.now()
    session.commit()
    assert scheduled.start_or_end(engine, broadcast.id)
    assert kept(session) == []


def test_a_scheduled_one_gets_them_when_it_starts(session: Session, engine: Engine) -> None:
    outbox.without_sending_hours(session)
    short_links.switch_on(session)
    broadcast = outbox.due(session, outbox.keyword(session), TEXT, NUMBERS)
    broadcast.shortens = True
    session.commit()
    assert kept(session) == []
    session.commit()
    assert scheduled.start_or_end(engine, broadcast.id)
    assert len(kept(session)) == 2


@pytest.mark.parametrize(("length", "state"), [(40, BroadcastState.SENDING), (1700, BroadcastState.CANCELLED)])
def test_one_that_is_too_long_without_the_domain_is_not_sent(
    session: Session, engine: Engine, length: int, state: BroadcastState
) -> None:
    outbox.without_sending_hours(session)
    broadcast = outbox.due(session, outbox.keyword(session), f"https://a.example/{'x' * length}", NUMBERS)
    broadcast.shortens = True
    session.commit()
    assert scheduled.start_or_end(engine, broadcast.id)
    session.expire_all()
    assert broadcast.state == state
    assert (keeping.NOT_ANY_MORE in (broadcast.ended_because or "")) is (state == BroadcastState.CANCELLED)


def test_a_code_that_is_taken_is_drawn_again(
    session: Session, begun: Callable[..., Broadcast], monkeypatch: pytest.MonkeyPatch
) -> None:
    short_links.switch_on(session)
    short_links.kept(session, "taken2")
    drawn = iter(["taken2", "taken2", "free22", "free22", "free33"])
    monkeypatch.setattr(keeping, "new_code", lambda: next(drawn))
    begun()
    assert session.scalars(select(ShortLink.code).order_by(ShortLink.id)).all() == ["taken2", "free22", "free33"]


def test_the_database_takes_no_code_twice(session: Session) -> None:
    short_links.kept(session)
    with pytest.raises(IntegrityError):
        short_links.kept(session)
    session.rollback()


def test_codes_are_drawn_from_the_whole_alphabet() -> None:
    codes = {keeping.new_code() for _ in range(500)}
    assert len(codes) == 500
    assert {len(code) for code in codes} == {links.CODE_LENGTH}
    assert set("".join(codes)) == set(links.ALPHABET)


def test_two_hundred_texts_are_as_long_as_was_counted(session: Session) -> None:
    short_links.switch_on(session)
    made, draw = outbox.broadcast(session), random.Random(20261128)
    parts = [
        "https://river.example/clean-up?a=1&b=2", "https://münchen.example/straße",
        "(https://b.example/z)", "{{ first_name | you }}", ". ",
        "http://a.example:8080/x_(y)", "Grüße", "€", "”", "😀", "Come on Saturday, ", "https://{{ company }}.example",
        f"https://{HOST}/old", "https://u:p@a.example", "\n",
    ]  # fmt: skip
    fields = {"first_name": "Zoë", "company": "acme"}
    shortened = 0
    for number in range(200):
        body = " ".join(draw.choice(parts) for _ in range(draw.randint(1, 30)))
        broadcast = Broadcast(
            campaign_id=made.campaign_id, sender_id=made.sender_id, body=body, state=BroadcastState.SENDING,
            form_key=f"text {number}", created_at=optin_clock.now(), shortens=True,
        )  # fmt: skip
        session.add(broadcast)
        session.flush()
        keeping.keep(session, broadcast)
        sent = merge_fields.render(variants.bodies(session, [(1, broadcast)])[1], fields)
        counted = merge_fields.render(keeping.as_sent(body, shortens=True, host=HOST), fields)
        assert segments.count(counted) == segments.count(sent), body
        assert len(counted.encode()) == len(sent.encode())
        shortened += sent != merge_fields.render(body, fields)
    assert shortened > 100
    session.rollback()


def test_no_person_has_a_link_of_their_own(session: Session, begun: Callable[..., Broadcast]) -> None:
    short_links.switch_on(session)
    begun("https://a.example/{{ first_name }} https://b.example")
    assert session.scalar(select(func.count()).select_from(ShortLink)) == 1
    waiting = select(Message.id).where(Message.purpose == Purpose.CAMPAIGN, Message.status == MessageStatus.QUEUED)
    assert len(session.scalars(waiting).all()) == len(NUMBERS)

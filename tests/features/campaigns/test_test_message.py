"""“Send me a test”: one's own number is verified by a code, the draft is kept meanwhile, the test goes nowhere else."""

import re
import threading
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import Engine, literal, select
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.consent import caps, ledger
from optin.consent.events import Act
from optin.database.session import db
from optin.enums import MessageStatus, OptInSource, Purpose, Reason
from optin.models import AuditEntry, Campaign, Message, NumberCode, ProviderBlock, User
from optin.policy import policy
from optin.sending import delivery, test_number
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser
from tests.support.provider import gateway_to, serve_provider

MAYA, MINE = world.MAYA, "+14155550188"
CALLBACK = "http://127.0.0.1:9/status"


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign with Maya, who opted in."""
    policy.change(session, None, sending_hours=False, brand="River Team")
    keyword = world.keyword(session)
    scene.sender(session)
    made = scene.campaign(session, keyword)
    scene.member(session, made, world.person(session, "Maya Chen", MAYA))
    scene.opts_in(session, MAYA, keyword)
    return made


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def deliver(session: Session, engine: Engine) -> Callable[[], list[tuple[str, str]]]:
    """Send what waits and return what the provider got."""

    def do() -> list[tuple[str, str]]:
        session.commit()
        with serve_provider() as provider:
            for post in delivery.claim(engine):
                delivery.deliver(engine, gateway_to(provider.url), post, CALLBACK)
            session.expire_all()
            return provider.texts

    return do


def ask_for_code(agent: Browser, number: str = "(415) 555-0188", **more: str):
    return agent.post("/account/number", data={"mobile": number, **more})


def code(session: Session) -> str:
    return session.scalars(select(NumberCode.code)).one()


def verify(agent: Browser, session: Session) -> None:
    assert ask_for_code(agent).status_code == 303
    assert agent.post("/account/number/code", data={"code": code(session)}).status_code == 303
    session.expire_all()


def send_test(agent: Browser, campaign: Campaign, body: str = "Hi {{ first_name }}!", **more: str):
    return agent.post(f"/campaigns/{campaign.id}/broadcasts/test", data={"body": body, **more})


def test_a_code_verifies_a_number(campaign: Campaign, session: Session, agent: Browser, deliver) -> None:
    answer = ask_for_code(agent)
    assert answer.status_code == 303
    texts = deliver()
    assert len(texts) == 1
    assert texts[0][0] == MINE
    digits = re.search(r"\d{6}", texts[0][1])
    assert digits is not None
    assert texts[0][1].startswith("River Team: ")
    typed = f"{digits[0][:3]} {digits[0][3:]}"
    agent.post("/account/number/code", data={"code": typed})
    session.expire_all()
    assert agent.user.mobile == MINE
    assert "(415) 555-0188, verified just now" in re.sub(r"<[^>]+>", "", agent.get("/account").text)
    assert session.scalars(select(NumberCode)).all() == []
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "verified")).one()
    assert (entry.field, entry.after) == ("Mobile number", MINE)
    agent.post("/account/number/removal")
    session.expire_all()
    assert (agent.user.mobile, agent.user.mobile_verified_at) == (None, None)


def test_no_page_and_no_message_has_the_code(campaign: Campaign, session: Session, agent: Browser, deliver) -> None:
    ask_for_code(agent)
    secret = code(session)
    deliver()
    message = session.scalars(select(Message)).one()
    assert (message.purpose, message.status) == (Purpose.CODE, MessageStatus.SENT)
    assert secret not in message.body
    for address in (f"/inbox/{message.conversation_id}", "/inbox?show=all", "/account"):
        assert secret not in agent.get(address).text


def test_five_tries(campaign: Campaign, session: Session, agent: Browser) -> None:
    ask_for_code(agent)
    wrong = "000000" if code(session) != "000000" else "000001"
    for _ in range(test_number.TRIES - 1):
        answer = agent.post("/account/number/code", data={"code": wrong})
        assert answer.status_code == 422
        assert test_number.WRONG in answer.text
    last = agent.post("/account/number/code", data={"code": wrong}, follow_redirects=True)
    assert test_number.RUN_OUT in last.text
    with_right = agent.post("/account/number/code", data={"code": code(session)}, follow_redirects=True)
    assert test_number.RUN_OUT in with_right.text
    session.expire_all()
    assert agent.user.mobile is None


def test_ten_at_once_are_no_more_than_five_tries(
    campaign: Campaign, session: Session, agent: Browser, engine: Engine
) -> None:
    ask_for_code(agent)
    wrong, user_id = ("000000" if code(session) != "000000" else "000001"), agent.user.id
    session.commit()
    said: list[str] = []
    barrier = threading.Barrier(10, timeout=30)

    def guess() -> None:
        with Session(engine) as own:
            user = own.get_one(User, user_id)
            own.rollback()
            barrier.wait()
            refused = test_number.enter_code(own, user, wrong)
            said.append(refused.sentence if refused else "")
            own.commit()

    threads = [threading.Thread(target=guess) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == sorted([test_number.WRONG] * 4 + [test_number.RUN_OUT] * 6)
    assert session.scalars(select(NumberCode.tries)).one() == test_number.TRIES


def test_ten_minutes(campaign: Campaign, session: Session, agent: Browser, clock: Clock) -> None:
    ask_for_code(agent)
    clock.forward(minutes=10)
    answer = agent.post("/account/number/code", data={"code": code(session)}, follow_redirects=True)
    assert test_number.RUN_OUT in answer.text
    assert agent.user.mobile is None


def test_a_code_that_has_run_out_before_it_could_go_is_not_sent(
    campaign: Campaign, session: Session, agent: Browser, clock: Clock, deliver
) -> None:
    ask_for_code(agent)
    clock.forward(minutes=11)
    assert deliver() == []
    message = session.scalars(select(Message)).one()
    assert (message.status, message.reason) == (MessageStatus.SKIPPED, Reason.NOT_OWN)


def opts_out(session: Session) -> None:
    ledger.opt_out(session, MINE, Act(source=OptInSource.SMS, at=the_clock.now(), text="STOP"))


def is_blocked(session: Session) -> None:
    session.add(ProviderBlock(scope="+14155550100", number=MINE, cause="word", started_at=the_clock.now()))


REFUSED = [
    (opts_out, "this number opted out of all messages. Text START from it to (415) 555-0100 first.", Reason.OPTED_OUT),
    (is_blocked, "Twilio refuses to send to this number.", Reason.BLOCKED),
]


@pytest.mark.parametrize(("happens", "sentence", "reason"), REFUSED)
def test_a_number_that_may_not_be_texted_gets_no_code_and_no_test(
    campaign: Campaign, session: Session, agent: Browser, deliver, happens, sentence: str, reason: Reason
) -> None:
    verify(agent, session)
    deliver()
    send_test(agent, campaign)
    happens(session)
    assert deliver() == []  # what waited is not sent either
    test = session.scalars(select(Message).where(Message.purpose == Purpose.TEST)).one()
    assert test.reason in (reason, None)
    assert test.status in (MessageStatus.SKIPPED, MessageStatus.CANCELLED)
    refused = send_test(agent, campaign)
    assert refused.status_code == 422
    assert sentence in refused.text
    assert "Hi {{ first_name }}!</textarea>" in refused.text
    again = ask_for_code(agent)
    assert again.status_code == 422
    assert sentence in again.text
    assert session.scalars(select(NumberCode)).all() == []


@pytest.mark.parametrize("number", ["", "12", "nonsense", "+14155550188 ext 3"])
def test_what_is_no_number_is_refused(campaign: Campaign, session: Session, agent: Browser, number: str) -> None:
    assert ask_for_code(agent, number).status_code == 422
    assert session.scalars(select(Message)).all() == []


def test_codes_are_few(campaign: Campaign, agent: Browser, app: Flask) -> None:
    answers = [ask_for_code(agent, f"+1415555018{digit}").status_code for digit in range(4)]
    assert answers == [303, 303, 303, 429]


def test_a_test_goes_to_oneself_as_the_member_would_get_it(
    campaign: Campaign, session: Session, agent: Browser, deliver
) -> None:
    verify(agent, session)
    deliver()
    answer = send_test(agent, campaign)
    assert answer.status_code == 200
    assert "A test is on its way to (415) 555-0188." in answer.text
    assert "Hi {{ first_name }}!</textarea>" in answer.text
    assert deliver() == [(MINE, "Hi Maya!")]
    test = session.scalars(select(Message).where(Message.purpose == Purpose.TEST)).one()
    assert (test.status, test.broadcast_id, test.author_id) == (MessageStatus.SENT, None, agent.user.id)
    assert test.decided_at is not None
    assert "No broadcasts yet" in agent.get(f"/campaigns/{campaign.id}?tab=broadcasts&view=sent").text


def test_a_test_counts_towards_no_cap(campaign: Campaign, session: Session, agent: Browser, deliver) -> None:
    policy.change(session, None, cap_per_day=1)
    verify(agent, session)
    send_test(agent, campaign)
    send_test(agent, campaign)
    assert deliver() == [(MINE, "Hi Maya!")] * 2
    reached = caps.reached(literal(MINE), policy.load(session), the_clock.now())
    assert not session.scalar(select(reached))


def test_a_number_that_is_no_longer_ones_own_gets_none(
    campaign: Campaign, session: Session, agent: Browser, deliver
) -> None:
    verify(agent, session)
    deliver()
    send_test(agent, campaign)
    agent.post("/account/number/removal")
    assert deliver() == []
    test = session.scalars(select(Message).where(Message.purpose == Purpose.TEST)).one()
    assert (test.status, test.reason) == (MessageStatus.SKIPPED, Reason.NOT_OWN)


def test_without_a_number_the_way_leads_over_the_account_and_back(
    campaign: Campaign, session: Session, agent: Browser
) -> None:
    more = {"when": "later", "at": "2031-01-01T10:00", "zone": "UTC"}
    answer = send_test(agent, campaign, "Bring gloves\r\nand boots", **more)
    assert answer.status_code == 303
    assert answer.location.startswith("/account?next=")
    account = agent.get(answer.location).text
    assert "your message is kept" in account
    back = parse_qs(urlsplit(answer.location).query)["next"][0]
    asked = ask_for_code(agent, next=back)
    assert f'name="next" value="{back.replace("&", "&amp;")}"' in agent.get(asked.location).text
    verified = agent.post("/account/number/code", data={"code": code(session), "next": back})
    assert verified.location == back
    composer = agent.get(back).text
    assert "Bring gloves\nand boots</textarea>" in composer
    assert 'value="2031-01-01T10:00"' in composer
    assert '<option value="later" selected>' in composer
    send_test(agent, campaign, "Bring gloves")
    assert "Bring gloves" not in agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text


def test_the_way_back_leads_nowhere_else(campaign: Campaign, session: Session, agent: Browser) -> None:
    ask_for_code(agent, next="https://evil.example/")
    answer = agent.post("/account/number/code", data={"code": code(session), "next": "//evil.example"})
    assert answer.location.startswith("/account")


@pytest.mark.parametrize("body", ["", "Hi {{ nick }}", "x" * 1601])
def test_what_can_not_be_sent_is_not_tested(campaign: Campaign, session: Session, agent: Browser, body: str) -> None:
    verify(agent, session)
    assert send_test(agent, campaign, body).status_code == 422
    assert session.scalars(select(Message).where(Message.purpose == Purpose.TEST)).all() == []


def test_with_javascript_only_a_notice_comes_back(campaign: Campaign, session: Session, agent: Browser) -> None:
    verify(agent, session)
    data = {"body": "Hi {{ first_name }}!"}
    answer = agent.post(f"/campaigns/{campaign.id}/broadcasts/test", data=data, headers={"HX-Request": "true"})
    assert "A test is on its way" in answer.text
    assert "<h1" not in answer.text


def test_a_viewer_tests_nothing(campaign: Campaign, viewer: Browser) -> None:
    assert send_test(viewer, campaign).status_code == 403
    assert ask_for_code(viewer).status_code == 403
    assert "Text me a code" not in viewer.get("/account").text

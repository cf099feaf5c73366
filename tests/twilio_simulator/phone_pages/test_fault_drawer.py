"""The drawer of network faults: what is on, setting it with and without HTMX, and what the phones then say."""

import re

import pytest
from sqlalchemy.orm import Session

from optin.enums import Role
from tests.support.clients import Browser
from tests.support.servers import LiveServer
from tests.support.world import MAYA
from tests.twilio_simulator.phone_pages.test_phones import HTMX, PHONES, address, agent_there, browser, running, send
from twilio_simulator.faults import Fault, FaultPlan
from twilio_simulator.phone_pages import faults

__all__ = ["agent_there", "running"]

DRAWER = f"{PHONES}/faults{address(MAYA)}"


def test_every_fault_of_the_simulator_has_its_knob_and_words() -> None:
    knobs = [knob.name for group in faults.GROUPS for knob in group.knobs]
    assert sorted(knobs) == sorted(map(str, Fault))
    assert set(faults.FIELDS) == set(FaultPlan().as_json())
    for code, words in faults.codes():
        assert words.startswith(f"{code}: ")
        assert "Twilio reported error" not in words


def test_faults_are_set_shown_and_ended(agent_there: Browser, running: Session) -> None:
    page = agent_there.get(PHONES + address(MAYA)).text
    assert re.search(r'<details class="faults" id="faults"\s*>', page), "closed at first"
    answer = agent_there.post(DRAWER, data={"webhook_lost": "100", "slow": "5", "only": "(415) 555-0134"})
    assert answer.status_code == 303
    page = agent_there.get(answer.location).text
    assert re.search(r'<details class="faults" id="faults" open>', page)
    assert "2 on" in page
    assert "Slow answer 5%, Webhook lost 100%" in page
    assert f'name="only" type="tel" autocomplete="off" value="{MAYA}"' in page

    page = agent_there.get(send(agent_there, "volunteer").location).text
    assert "The app was not told of this text: the webhook was lost" in page
    log = agent_there.get(f"{PHONES}/faults?total=0")
    assert "Webhook lost</dt><dd>1<" in log.text
    assert agent_there.get(f"{PHONES}/faults?total=1").status_code == 204

    page = agent_there.get(agent_there.post(DRAWER, data={"slow": "5", "off": "1"}).location).text
    assert "All faults are off." in page
    assert "2 on" not in page


def test_with_htmx_the_drawer_alone_comes_back(agent_there: Browser) -> None:
    answer = agent_there.post(DRAWER, data={"carrier": "30"}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<details class="faults" id="faults" open>')
    assert "Carrier error 30%" in answer.text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_makes_no_sense_comes_back_as_typed(agent_there: Browser, headers: dict[str, str]) -> None:
    answer = agent_there.post(DRAWER, data={"carrier": "300", "slow": "7"}, headers=headers)
    assert answer.status_code == 422
    assert "Carrier error: enter a whole number" in answer.text
    assert 'name="carrier" value="300"' in answer.text
    assert 'name="slow" value="7"' in answer.text


def test_viewers_look(live_server: LiveServer, running: Session) -> None:
    viewer = browser(live_server, running, Role.VIEWER)
    assert "All off</button>" not in viewer.get(PHONES + address(MAYA)).text
    assert viewer.post(DRAWER, data={"slow": "5"}).status_code == 403

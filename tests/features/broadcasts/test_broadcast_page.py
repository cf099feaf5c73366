"""The page of a broadcast: live counts, causes with a remedy, recipients, what came back."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import MessageStatus
from optin.features.broadcasts import queries
from optin.models import Broadcast, Message, Person, PhraseOptOut
from optin.sending import opt_outs_after_broadcast
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

STATUSES = [
    ("Quinn Queued", MessageStatus.QUEUED, None, None),
    ("Clara Claimed", MessageStatus.CLAIMED, None, None),
    ("Wanda Waits", MessageStatus.QUEUED, "outside_hours", None),
    ("Dan Delivered", MessageStatus.DELIVERED, None, None),
    ("Una Undelivered", MessageStatus.UNDELIVERED, None, 30005),
    ("Fred Failed", MessageStatus.FAILED, None, 21211),
    ("Skip Skipped", MessageStatus.SKIPPED, "opted_out", None),
    ("Uwe Unknown", MessageStatus.UNKNOWN, None, None),
]


@pytest.fixture
def broadcast(session: Session) -> Broadcast:
    """A broadcast under way, with a message in each state."""
    campaign = scene.campaign(session, world.keyword(session))
    made = scene.broadcast(session, campaign, scene.sender(session), "sending")
    now = clock.now()
    for index, (name, status, reason, code) in enumerate(STATUSES):
        number = f"+1415555{index + 100:04d}"
        session.add(
            Message(
                direction="outbound",
                number=number,
                status=status,
                reason=reason,
                error_code=code,
                purpose="campaign",
                broadcast_id=made.id,
                person_id=world.person(session, name, number).id,
                created_at=now,
                updated_at=now,
                started_at=None if status in ("queued", "claimed", "skipped") else now,
            )
        )
    session.commit()
    return made


SENT_TO = [name for name, status, *_ in STATUSES if status != MessageStatus.SKIPPED]


def names_on(page: str) -> list[str]:
    return [name for name, *_ in STATUSES if name in page]


def test_counts_and_causes(broadcast: Broadcast, viewer: Browser) -> None:
    page = viewer.get(f"/broadcasts/{broadcast.id}").text
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd>([\d,]+)</dd>", page))
    assert figures["People"] == "8"
    assert figures["Waiting"] == "3"
    assert figures["Delivered"] == "1"
    assert "4 of 8 handed to Twilio" in page
    for piece in ("The number is not in use.", "Error 30005", "Error 21211", "Opted out", "Wait for sending hours"):
        assert piece in page
    assert names_on(page) == SENT_TO
    assert f'href="/broadcasts/{broadcast.id}?view=not-sent&amp;reason=opted_out">See who' in page


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("waiting", ["Quinn Queued", "Clara Claimed", "Wanda Waits"]),
        ("failed", ["Fred Failed"]),
        ("sent", []),
        ("skipped", SENT_TO),
        ("nonsense", SENT_TO),
    ],
)
def test_recipients_by_status(broadcast: Broadcast, agent: Browser, status: str, expected: list[str]) -> None:
    assert names_on(agent.get(f"/broadcasts/{broadcast.id}?status={status}").text) == expected


def test_recipients_go_on_over_pages(session: Session, broadcast: Broadcast, agent: Browser) -> None:
    now = clock.now()
    for index in range(100):
        number = f"+1646555{index + 100:04d}"
        session.add(
            Message(
                direction="outbound",
                number=number,
                status="sent",
                broadcast_id=broadcast.id,
                created_at=now,
                updated_at=now,
            )
        )
    seen: list[str] = []
    address: str | None = f"/broadcasts/{broadcast.id}"
    while address:
        page = agent.get(address).text
        seen += re.findall(r'title="(\+1\d{10})"', page.split("<tbody>")[1])
        older = re.search(r'href="([^"]+)" rel="next"', page)
        address = older[1].replace("&amp;", "&") if older else None
    assert len(seen) == len(set(seen)) == 107


def test_the_poll_answers_only_what_is_new_and_ends(session: Session, broadcast: Broadcast, agent: Browser) -> None:
    page = agent.get(f"/broadcasts/{broadcast.id}").text
    poll = re.search(r'id="progress" hx-get="([^"]+)" hx-trigger="every 2s"', page)[1].replace("&amp;", "&")
    assert agent.get(poll).status_code == 204
    waiting = scene.messages(session, broadcast.id)[0]
    waiting.status = MessageStatus.DELIVERED
    fragment = agent.get(poll)
    assert fragment.status_code == 200
    assert "<dt>Delivered</dt><dd>2</dd>" in fragment.text
    for message in scene.messages(session, broadcast.id):
        message.status = MessageStatus.DELIVERED
    broadcast.state, broadcast.finished_at = "sent", clock.now()
    last = agent.get(poll).text
    assert "hx-trigger" not in last
    assert "Pause" not in last


@pytest.mark.parametrize(
    ("state", "status", "minutes", "live"),
    [
        ("sending", "queued", 0, True),
        ("paused", "queued", 0, True),
        ("sent", "sent", 1, True),
        ("sent", "sent", 11, False),
        ("sent", "delivered", 1, False),
        ("cancelled", "cancelled", 1, False),
    ],
)
def test_how_long_the_page_goes_on_asking(
    session: Session, broadcast: Broadcast, state: str, status: str, minutes: int, live: bool
) -> None:
    for message in scene.messages(session, broadcast.id):
        message.status = status
    broadcast.state = state
    broadcast.finished_at = clock.now() - timedelta(minutes=minutes) if state in ("sent", "cancelled") else None
    assert queries.progress(session, broadcast).live is live


def test_replies_and_opt_outs_within_a_day(session: Session, broadcast: Broadcast, agent: Browser, clock) -> None:
    delivered, undelivered, failed, unknown = (f"+1415555{index:04d}" for index in (103, 104, 105, 107))
    world.text(session, "I will come", delivered)
    world.text(session, "STOP", undelivered)
    world.text(session, "Hello from nobody", world.INES)
    world.text(session, "STOP", "+14155550106")  # skipped: this number got nothing
    found = queries.answers(session, broadcast)
    assert (found.replies, found.opt_outs) == (1, 1)
    clock.forward(hours=25)
    world.text(session, "A day late", failed)
    world.text(session, "STOP", unknown)
    found = queries.answers(session, broadcast)
    assert (found.replies, found.opt_outs) == (1, 1)
    assert session.get(Person, 1) is not None


def test_what_was_corrected_was_no_opt_out_of_a_broadcast(
    session: Session, broadcast: Broadcast, agent: Browser, clock: Clock
) -> None:
    clock.forward(minutes=1)
    for number in ("+14155550103", "+14155550104"):
        world.text(session, "To leave this list, tell them to take me off your list.", number)
    assert (queries.answers(session, broadcast).opt_outs, opt_outs_after_broadcast.opt_outs(session, broadcast)) == (
        2,
        2,
    )
    read = session.scalars(select(PhraseOptOut)).first()
    assert read is not None
    agent.post(f"/review/opt-outs/{read.id}/correction", data={"reason": "an answering machine"})
    assert (queries.answers(session, broadcast).opt_outs, opt_outs_after_broadcast.opt_outs(session, broadcast)) == (
        1,
        1,
    )

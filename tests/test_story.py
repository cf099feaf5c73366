"""The story over plain HTTP: texts come in by webhooks that the SDK's validator signed, sends go to the simulator."""

import urllib3

from optin.clock import now
from optin.features.auth import links
from optin.models import User
from tests.support.servers import LiveServer
from tests.support.story import Story
from tests.support.twilio_requests import post_to, text_form
from tests.support.visitor import Visitor


def signed_in(server: LiveServer) -> Visitor:
    """Return a visitor who came by the one-time link that the start prints."""
    with server.session() as session:
        token = links.issue(session, session.query(User).one(), now(), 1)
        session.commit()
    visitor = Visitor(server.url)
    visitor.open(f"/sign-in/{token}")
    visitor.press_filled("Sign in as", {})
    return visitor


def test_the_story_over_http(live_server: LiveServer) -> None:
    pool = urllib3.PoolManager(timeout=30)

    def texts(number: str, body: str) -> None:
        answer = post_to(pool, live_server.app, "/webhooks/twilio/sms", text_form(live_server.app, body, number=number))
        assert answer.status == 200

    Story(signed_in(live_server), live_server.app, texts).run()

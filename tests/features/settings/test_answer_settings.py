"""The settings of short refusals and of the reply to an unclear answer: saved, audited, shown, refused."""

from html import unescape
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.models import AuditEntry
from optin.policy import policy
from optin.policy.policy import Policy
from tests.features.settings.test_policy_panels import REPLIES, SMS
from tests.support.clients import Browser

DEFAULT = Policy()


def post(browser: Browser, panel: str, form: dict[str, str], **changes: str) -> Any:
    return browser.post(f"/settings/{panel}", data={**form, **changes})


def trail(session: Session) -> list[tuple[str, str, str]]:
    rows = session.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "setting"))
    return [(row.field, row.before, row.after) for row in rows]


def test_short_refusals_are_switched_off_and_on(admin: Browser, session: Session) -> None:
    assert policy.load(session).holds_short_refusals
    for chosen, kept in (("leave", False), ("hold", True)):
        assert post(admin, "sms", SMS, holds_short_refusals=chosen).status_code == 303
        assert policy.load(session).holds_short_refusals is kept
    assert trail(session) == [("holds_short_refusals", "true", "false"), ("holds_short_refusals", "false", "true")]
    page = unescape(admin.get("/settings/audit").text)
    for shown in ("Short refusals after a broadcast", "Put on hold", "Leave in the inbox"):
        assert shown in page


def test_a_form_without_the_field_leaves_it_as_it_is(admin: Browser, session: Session) -> None:
    policy.change(session, None, holds_short_refusals=False, how_to_confirm_reply="Text YES to us.")
    session.commit()
    assert post(admin, "sms", SMS).status_code == 303
    assert post(admin, "replies", REPLIES).status_code == 303
    stored = policy.load(session)
    assert (stored.holds_short_refusals, stored.how_to_confirm_reply) == (False, "Text YES to us.")


def test_another_choice_is_refused(admin: Browser, session: Session) -> None:
    assert post(admin, "sms", SMS, holds_short_refusals="perhaps").status_code == 422
    assert policy.load(session).holds_short_refusals


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [("", "Enter a text"), ("Hi {{ name }}", "name"), ("Hi {{ brand", "{{")],
)
def test_a_reply_that_cannot_be_sent_is_refused(admin: Browser, session: Session, reply: str, sentence: str) -> None:
    answer = post(admin, "replies", REPLIES, how_to_confirm_reply=reply)
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)
    assert policy.load(session).how_to_confirm_reply == DEFAULT.how_to_confirm_reply


def test_the_reply_is_saved_and_previewed(admin: Browser, session: Session) -> None:
    written = "{{ brand }}: text YES to join {{ keyword }}."
    assert post(admin, "replies", REPLIES, how_to_confirm_reply=written).status_code == 303
    assert policy.load(session).how_to_confirm_reply == written
    page = admin.get("/settings/replies").text
    assert "Our team: text YES to join volunteer." in page
    assert "wants texts again" not in page
    post(admin, "replies", REPLIES, how_to_confirm_reply="Text CANCEL to say yes", help_reply="Reply YES for help")
    page = admin.get("/settings/replies").text
    assert ("“YES” means that a person wants texts again" in page, "“CANCEL” means opt-out" in page) == (True, True)


def test_a_viewer_reads_and_an_agent_changes_nothing(viewer: Browser, agent: Browser, session: Session) -> None:
    assert "Short refusals after a broadcast" in viewer.get("/settings/sms").text
    assert post(agent, "sms", SMS, holds_short_refusals="leave").status_code == 403
    assert policy.load(session).holds_short_refusals

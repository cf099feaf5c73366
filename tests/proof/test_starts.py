"""Of each message: its consent, the nearest goodbye, and what speaks against it; and what a proof does not show."""

from datetime import datetime, timedelta

import pytest

from optin.consent import hindsight
from optin.consent.hindsight import StartedMessage
from optin.consent.rules import Case
from optin.enums import OptInSource, Purpose, Reason, ReplyKind
from optin.proof import starts, unknown, wording
from optin.proof.material import Log
from optin.proof.starts import Outbound, Starts
from optin.proof.unknown import Horizon
from tests.proof.test_verdict import K, S, T, event

HOUR = timedelta(hours=1)


def message(purpose: Purpose = Purpose.CAMPAIGN, at: datetime | None = T, **more: object) -> Outbound:
    values: dict = {"reply_kind": None, "keyword_id": 7, "started_at": at, "status": "Sent", "reason": None, **more}
    return Outbound(purpose, **values)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (message(opt_in="OI-000001", keyword="riverteam"), "OI-000001 (“riverteam”)"),
        (message(), "No opt-in was required of it"),
        (message(Purpose.ONE_TO_ONE), "Written by a user; no opt-in was required at that time"),
        (message(Purpose.REPLY), "An answer to their own text"),
        (message(at=None, reason=Reason.OPTED_OUT), "Not started: opted out"),
        (message(at=None, status="Waiting"), "Not started: waiting"),
        (message(at=None, reason=Reason.BLOCKED), "Not started: blocked at Twilio: they must text START"),
    ],
)
def test_under_which_consent_a_message_started(asked: Outbound, sentence: str) -> None:
    assert starts.consent(asked) == sentence


def test_every_purpose_has_its_words() -> None:
    assert all(starts.consent(message(purpose)) for purpose in Purpose)


def test_the_nearest_goodbye_is_before_or_after() -> None:
    first = event(K.OPTED_OUT, text="STOP", days=1)
    second = event(K.OPTED_OUT_KEYWORD, text="STOP riverteam", days=3)
    asked = Starts([event(K.ACTIVATED), first, event(K.OPTED_OUT, days=1, opt_in_id=None), second])
    days = [(0, 1), (1, 1), (1.9, 1), (2.1, 3), (4, 3)]
    assert [asked.goodbye(T + timedelta(days=at)) for at, _ in days] == [T + timedelta(days=of) for _, of in days]
    assert Starts([event(K.ACTIVATED)]).goodbye(T) is None


def test_what_speaks_against_a_message_is_what_hindsight_says() -> None:
    """Asked once for all that started between two events; a STOP that was learned late counts from its time."""
    late = event(K.OPTED_OUT, text="STOP", days=1, at=T + timedelta(days=4))
    events = [event(K.ACTIVATED), late, event(K.ACTIVATED, days=5)]
    asked = Starts(events)
    for hours in range(-24, 150, 3):
        at = T + hours * HOUR
        found = hindsight.breach(events, StartedMessage(Case(Purpose.CAMPAIGN, has_keyword=True), 7, at))
        said = asked.against(message(at=at))
        assert (found is None) == (said == "")
        assert found is None or said.startswith(found.reason.label)
    assert asked.against(message(at=T + timedelta(days=2))) == (
        "Not opted in with the campaign's keyword since 28 Oct 2026 09:14:00 UTC: learned only after it had started"
    )
    assert asked.against(message(Purpose.REPLY, at=T + timedelta(days=2), reply_kind=ReplyKind.HELP)) == ""
    assert asked.against(message(at=None)) == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-0.04, "0.0 seconds before"),
        (59.94, "59.9 seconds after"),
        (60, "1 min 0 s after"),
        (3599, "59 min 59 s after"),
        (-3600, "1 h 0 min before"),
        (86399, "23 h 59 min after"),
        (86400, "1 day 0 h after"),
        (-9e6, "104 days 4 h before"),
    ],
)
def test_how_near(seconds: float, said: str) -> None:
    assert wording.from_goodbye(seconds, T) == f"{said} the goodbye of 27 Oct 2026 09:14:00 UTC"
    assert wording.from_goodbye(None, None) == ""


def test_what_is_not_known() -> None:
    sealed, waiting, erased = event(K.ACTIVATED), event(K.REAFFIRMED, days=2), event(K.OPTED_OUT, text=None, days=2)
    imported = event(K.IMPORTED, S.IMPORT, days=3)
    moved = event(K.ACTIVATED, S.MIGRATED, days=3)
    sealed.leaf_index, erased.leaf_index, imported.leaf_index, moved.leaf_index, waiting.leaf_index = 0, 1, 2, 3, 4
    log = Log("a log", "a key", 4, "a note", T)
    horizon = Horizon(T + HOUR, [T + 9 * HOUR], T)
    said = " ".join(unknown.sentences([sealed, waiting, erased, imported, moved], log, horizon))
    for part in (
        "One event is not sealed yet",
        "The personal part of 1 of the events has been erased",
        "One event is older than the first checkpoint of 27 Oct 2026 10:14:00 UTC: the log shows how it stood "
        "then, and not that nobody had changed it before.",
        "Others recorded what came by an import and the move from Twilio for Salesforce:",
        "The log goes on under a new name since 27 Oct 2026 18:14:00 UTC",
        "Optin has received texts since 27 Oct 2026 09:14:00 UTC",
        "not who held the phone",
    ):
        assert part in said
    plain = unknown.sentences([sealed], log, Horizon(T - HOUR, [], None))
    assert len(plain) == 3
    assert plain[0] == "Optin has not received any text yet. What was texted elsewhere is not here."
    assert OptInSource.SMS not in unknown.FOREIGN

"""The verdict in one sentence, for each way in which a consent begins and ends."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from optin.enums import EventKind, OptInSource, OptInStatus
from optin.proof import verdict
from optin.proof.material import ProofEvent, ProofOptIn

NUMBER, OURS = "(415) 555-0134", {"SM1": "(415) 555-0100"}
T = datetime(2026, 10, 27, 9, 14, tzinfo=UTC)
BEGAN = f"On 27 Oct 2026 09:14:00 UTC {NUMBER} texted “Riverteam” to (415) 555-0100"
OPTED_IN = f"{BEGAN} and so opted in with “riverteam”"
K, S = EventKind, OptInSource
IDS = count(1)


def event(
    kind: EventKind,
    source: OptInSource = S.SMS,
    text: str | None = "",
    actor: str = "",
    days: float = 0,
    opt_in_id: int | None = 1,
    at: datetime | None = None,
    sid: str | None = "SM1",
) -> ProofEvent:
    when = T + timedelta(days=days)
    return ProofEvent(
        id=next(IDS), kind=kind, channel="sms", at=at or when, provider_at=when if at else None, keyword_id=7,
        opt_in_id=opt_in_id, detail="", source=source, message_sid=sid, actor=actor, text=text, leaf_index=None,
        keyword="riverteam",
    )  # fmt: skip


JOINED = event(K.ACTIVATED, text="Riverteam")
ASKED = event(K.REQUESTED, text="Riverteam")
MOVED_AT = datetime(2026, 11, 1, tzinfo=UTC)
TABLE = {
    "stands": ([JOINED], f"{OPTED_IN}; the consent stands."),
    "asked again": ([JOINED, event(K.REAFFIRMED, days=1)], f"{OPTED_IN}; the consent stands."),
    "STOP": (
        [JOINED, event(K.OPTED_OUT, text="STOP", days=1)],
        f"{OPTED_IN}; the consent ended on 28 Oct 2026 09:14:00 UTC by the text “STOP”.",
    ),
    "a phrase": (
        [JOINED, event(K.OPTED_OUT, text="please take me\noff your list", days=1)],
        f"{OPTED_IN}; the consent ended on 28 Oct 2026 09:14:00 UTC by the text “please take me off your list”.",
    ),
    "STOP of the keyword": (
        [JOINED, event(K.OPTED_OUT_KEYWORD, text="STOP riverteam", days=1)],
        f"{OPTED_IN}; the consent ended on 28 Oct 2026 09:14:00 UTC by the text “STOP riverteam”.",
    ),
    "STOP by a user": (
        [JOINED, event(K.OPTED_OUT, S.USER, "called us", "Ana Ruiz", days=1)],
        f"{OPTED_IN}; the consent ended on 28 Oct 2026 09:14:00 UTC by Ana Ruiz, on their behalf (“called us”).",
    ),
    "STOP by an import": (
        [JOINED, event(K.OPTED_OUT, S.IMPORT, actor="Ana Ruiz", days=1)],
        f"{OPTED_IN}; the consent ended on 28 Oct 2026 09:14:00 UTC by Ana Ruiz’s import of 28 Oct 2026 09:14:00 UTC.",
    ),
    "ended by a user": (
        [JOINED, event(K.ENDED_BY_USER, S.USER, "asked by telephone", "Ana Ruiz", days=1)],
        f"{OPTED_IN}; the consent ended on 28 Oct 2026 09:14:00 UTC by Ana Ruiz (“asked by telephone”).",
    ),
    "number changed": (
        [JOINED, event(K.NUMBER_CHANGED, S.USER, "", "Ana Ruiz", days=1)],
        f"{OPTED_IN}; the consent ended on 28 Oct 2026 09:14:00 UTC because the number was changed by Ana Ruiz.",
    ),
    "number lost": (
        [JOINED, event(K.NUMBER_LOST, S.API, days=1)],
        f"{OPTED_IN}; the consent ended on 28 Oct 2026 09:14:00 UTC because the number was no longer in use.",
    ),
    "taken back": (
        [JOINED, event(K.OPTED_OUT, text="stop it", days=1), event(K.OPT_OUT_WITHDRAWN, S.USER, days=2)],
        f"{OPTED_IN}; the consent ended on 28 Oct 2026 09:14:00 UTC by the text “stop it”, and it stands again since "
        "29 Oct 2026 09:14:00 UTC (restored: the opt-out was withdrawn).",
    ),
    "taken back, and never agreed": (
        [ASKED, event(K.OPTED_OUT, text="stop it", days=1), event(K.OPT_OUT_WITHDRAWN, S.USER, days=2)],
        f"{BEGAN} and asked to opt in with “riverteam”; the question whether they agree has not been answered, so "
        "there is no consent yet.",
    ),
    "asked": (
        [ASKED],
        f"{BEGAN} and asked to opt in with “riverteam”; the question whether they agree has not been answered, so "
        "there is no consent yet.",
    ),
    "confirmed": (
        [ASKED, event(K.CONFIRMED, text="YES", days=1)],
        f"{BEGAN} and asked to opt in with “riverteam”, and confirmed it on 28 Oct 2026 09:14:00 UTC by texting “YES”; "
        "the consent stands.",
    ),
    "confirmed, then STOP": (
        [ASKED, event(K.CONFIRMED, text="YES", days=1), event(K.OPTED_OUT, text="STOP", days=2)],
        f"{BEGAN} and asked to opt in with “riverteam”, and confirmed it on 28 Oct 2026 09:14:00 UTC by texting “YES”; "
        "the consent ended on 29 Oct 2026 09:14:00 UTC by the text “STOP”.",
    ),
    "expired": (
        [ASKED, event(K.EXPIRED, days=1)],
        f"{BEGAN} and asked to opt in with “riverteam”; the question whether they agree was not answered by "
        "28 Oct 2026 09:14:00 UTC, so there is no consent.",
    ),
    "declined": (
        [ASKED, event(K.DECLINED, text="No", days=1)],
        f"{BEGAN} and asked to opt in with “riverteam”; they declined on 28 Oct 2026 09:14:00 UTC by texting “No”, so "
        "there is no consent.",
    ),
    "STOP to the question": (
        [ASKED, event(K.OPTED_OUT, text="STOP", days=1)],
        f"{BEGAN} and asked to opt in with “riverteam”; the question whether they agree ended on "
        "28 Oct 2026 09:14:00 UTC by the text “STOP”, so there is no consent.",
    ),
    "by hand": (
        [event(K.ACTIVATED, S.USER, "paper form, 3 May", "Ana Ruiz", sid=None)],
        f"On 27 Oct 2026 09:14:00 UTC Ana Ruiz recorded that {NUMBER} had agreed to “riverteam” (“paper form, 3 May”); "
        "the consent stands.",
    ),
    "by the API": (
        [event(K.ACTIVATED, S.API, "web shop", sid=None)],
        f"On 27 Oct 2026 09:14:00 UTC the API recorded that {NUMBER} had agreed to “riverteam” (“web shop”); the "
        "consent stands.",
    ),
    "import": (
        [event(K.IMPORTED, S.IMPORT, "On paper", "Ana Ruiz", at=MOVED_AT, sid=None)],
        f"On 27 Oct 2026 09:14:00 UTC {NUMBER} agreed to “riverteam”, as Ana Ruiz’s import of "
        "1 Nov 2026 00:00:00 UTC says; the consent stands.",
    ),
    "import undone": (
        [
            event(K.IMPORTED, S.IMPORT, "On paper", "Ana Ruiz", at=MOVED_AT, sid=None),
            event(K.IMPORT_WITHDRAWN, S.IMPORT, days=9),
        ],
        f"On 27 Oct 2026 09:14:00 UTC {NUMBER} agreed to “riverteam”, as Ana Ruiz’s import of 1 Nov 2026 00:00:00 UTC "
        "says; the consent ended on 5 Nov 2026 09:14:00 UTC because the import was undone.",
    ),
    "moved": (
        [event(K.ACTIVATED, S.MIGRATED, "Riverteam", "Ana Ruiz", at=MOVED_AT, sid=None)],
        f"On 27 Oct 2026 09:14:00 UTC {NUMBER} opted in with “riverteam” (“Riverteam”), as the records say that were "
        "moved from Twilio for Salesforce on 1 Nov 2026 00:00:00 UTC; the consent stands.",
    ),
    "moved, with its end": (
        [
            event(K.ACTIVATED, S.MIGRATED, "", "Ana Ruiz", at=MOVED_AT, sid=None),
            event(K.OPTED_OUT, S.MIGRATED, "Riverteam", "Ana Ruiz", at=MOVED_AT, days=1, sid=None),
        ],
        f"On 27 Oct 2026 09:14:00 UTC {NUMBER} opted in with “riverteam”, as the records say that were moved from "
        "Twilio for Salesforce on 1 Nov 2026 00:00:00 UTC; the consent ended on 28 Oct 2026 09:14:00 UTC as the "
        "records say that were moved from Twilio for Salesforce on 1 Nov 2026 00:00:00 UTC.",
    ),
    "moved as inactive": (
        [event(K.MIGRATED_INACTIVE, S.MIGRATED, "Riverteam", at=MOVED_AT, sid=None)],
        f"{NUMBER} was inactive with “riverteam” in the records that were moved from Twilio for Salesforce on "
        "1 Nov 2026 00:00:00 UTC, so there is no consent.",
    ),
    "erased": (
        [event(K.ACTIVATED, text=None), event(K.OPTED_OUT, text=None, days=1)],
        f"On 27 Oct 2026 09:14:00 UTC {NUMBER} texted a text that has been erased to (415) 555-0100 and so opted in "
        "with “riverteam”; the consent ended on 28 Oct 2026 09:14:00 UTC by a text that has been erased.",
    ),
    "nothing": ([], f"The log has no event of this opt-in of {NUMBER} with “riverteam”."),
}


@pytest.mark.parametrize("name", TABLE)
def test_an_opt_in_in_one_sentence(name: str) -> None:
    events, sentence = TABLE[name]
    assert verdict.of_opt_in(NUMBER, "riverteam", events, OURS) == sentence


def opt_in(events: list[ProofEvent], status: OptInStatus, keyword: str = "riverteam") -> ProofOptIn:
    said = verdict.of_opt_in(NUMBER, keyword, events, OURS)
    return ProofOptIn(1, "OI-000001", keyword, status, said, events)


def test_a_number_in_one_sentence() -> None:
    joined, stop = opt_in([JOINED], OptInStatus.ACTIVE), event(K.OPTED_OUT, text="STOP", days=1)
    everything = event(K.OPTED_OUT, text="STOP", days=1, opt_in_id=None)
    other = opt_in([event(K.ACTIVATED, text="Tides", days=1, opt_in_id=2)], OptInStatus.ACTIVE, "tides")
    ended = opt_in([JOINED, stop], OptInStatus.INACTIVE)
    none = "there is no consent, and none is known to have been given."
    assert verdict.of_number(NUMBER, [], []) == f"The log has no event of {NUMBER}: {none}"
    assert verdict.of_number(NUMBER, [everything], []) == (
        f"{NUMBER} opted out of everything on 28 Oct 2026 09:14:00 UTC by the text “STOP”; there is no consent."
    )
    assert verdict.of_number(NUMBER, [JOINED, stop, everything], [ended]) == ended.verdict
    assert verdict.of_number(NUMBER, [JOINED], [joined]) == joined.verdict
    assert verdict.of_number(NUMBER, [JOINED, *other.events], [joined, other]) == (
        f"{NUMBER} is opted in with “riverteam” since 27 Oct 2026 09:14:00 UTC and “tides” since "
        "28 Oct 2026 09:14:00 UTC; the consents stand."
    )
    held = event(K.HELD, text="maybe", opt_in_id=None)
    assert verdict.of_number(NUMBER, [held], []) == f"The log has no opt-in of {NUMBER}: there is no consent."


def test_what_stands_against_it_besides() -> None:
    held, lost, blocked = (event(kind, opt_in_id=None) for kind in (K.HELD, K.NUMBER_LOST, K.BLOCKED))
    blocked.detail = "+14155550100 (texted a word that Twilio filters)"
    assert verdict.besides([JOINED], "US") == []
    suppressed = event(K.OPTED_OUT, text="STOP", days=1, opt_in_id=None)
    assert verdict.besides([JOINED, suppressed], "US") == [
        "The number opted out of everything on 28 Oct 2026 09:14:00 UTC."
    ]
    assert verdict.besides([JOINED, held, lost, blocked], "US") == [
        "The number is on hold for review since 27 Oct 2026 09:14:00 UTC.",
        "The number counts as not in use since 27 Oct 2026 09:14:00 UTC.",
        "Twilio refuses to send to it from (415) 555-0100.",
    ]

"""What Twilio, or the network behind a toll-free number, has done itself."""

import pytest

from optin.channels.sms import SMS
from optin.enums import SenderKind
from optin.models import Sender

LONG, FREE, SHORT, SERVICE = SenderKind.LONG_CODE, SenderKind.TOLL_FREE, SenderKind.SHORT_CODE, SenderKind.SERVICE


@pytest.mark.parametrize(
    ("body", "kind", "told", "advanced", "answers", "blocks", "unblocks"),
    [
        *((word, LONG, None, False, True, True, False) for word in
          ("STOP", "stop", " Stop\n", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")),
        *((word, LONG, None, False, True, False, True) for word in ("START", "unstop", "Yes")),
        *((word, LONG, None, False, True, False, False) for word in ("HELP", "info")),
        *((body, LONG, None, False, False, False, False) for body in
          ("stop all", "opt out", "STOP PLEASE", "Stop.", "“stop”", "ＳＴＯＰ", "ſtop", "s\u200btop", "stop\u00a0",
           "Y", "", "hi", "remove me", "STOP\nthanks")),
        ("STOP", SERVICE, None, False, True, True, False),
        ("YES", SERVICE, None, False, True, False, True),
        ("STOP", FREE, None, False, True, True, False),
        ("UNSTOP", FREE, None, False, True, False, True),
        ("START", FREE, None, False, True, False, True),
        ("YES", FREE, None, False, False, False, False),
        *((word, SHORT, None, False, False, False, False) for word in ("STOP", "START", "HELP", "YES")),
        ("STOP", SHORT, None, True, True, True, False),
        ("START", SHORT, None, True, True, False, True),
        ("STOP", LONG, None, True, True, True, False),
        ("CANCEL", LONG, None, True, False, False, False),  # an edited list may lack it; then Twilio says nothing
        ("CANCEL", LONG, "STOP", True, True, True, False),
        ("genug", SHORT, "STOP", True, True, True, False),
        ("los", SERVICE, "START", True, True, False, True),
        ("YES", FREE, "START", True, True, False, False),
        ("START", FREE, "START", True, True, False, True),
        ("hilfe", LONG, "HELP", True, True, False, False),
    ],
)  # fmt: skip
def test_what_twilio_has_done_itself(
    body: str, kind: SenderKind, told: str | None, advanced: bool, answers: bool, blocks: bool, unblocks: bool
) -> None:
    sender, by_sms = Sender(kind=kind, advanced_opt_out=advanced), SMS.stop_filter
    assert by_sms.answers(body, sender, told) is answers
    assert by_sms.blocks(body, sender, told) is blocks
    assert by_sms.unblocks(body, sender, told) is unblocks

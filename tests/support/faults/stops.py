"""STOPs that race a broadcast: posted when their turn comes near, and what must be true of what was started."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from optin import clock
from optin.enums import MessageStatus, Reason
from optin.models import Message
from tests.support.faults.processes import until
from tests.support.faults.twilio import AT_ONCE, SMS, Twilio
from tests.support.provider import Provider
from tests.support.twilio_requests import text_form

REQUEST = timedelta(seconds=5)
"""What may pass between a start and its request, on a machine that is busy with other tests."""


class AnsweredStops(Twilio):
    """Keeps in mind when each number's STOP was answered."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.stopped: dict[str, datetime] = {}

    def post(self, path: str, form: dict[str, str]) -> int:
        status = super().post(path, form)
        if status == 200:
            self.stopped[form["From"]] = clock.now()
        return status


def stop_near(index: int, numbers: list[str], twilio: Twilio, provider: Provider) -> None:
    """Post the STOP of a number at about the time when its turn comes."""
    near = numbers[index + Random(index).randint(-100, 40)]
    until(lambda: any(number >= near for number, _ in provider.texts[-AT_ONCE:]), 600)
    twilio.deliver(SMS, [text_form(twilio.app, "STOP", number=numbers[index])])


def see_that_stops_were_obeyed(
    rows: Mapping[str, Message], stopped: Mapping[str, datetime], provider: Provider
) -> None:
    """See that what was started to who stopped was so before the answer, and that there was a race to win or lose."""
    arrived = {form["To"]: at for form, at in zip(provider.accepted, provider.accepted_at, strict=True)}
    for number, answered in stopped.items():
        row = rows[number]
        if row.started_at is None:
            assert row.status in (MessageStatus.CANCELLED, MessageStatus.SKIPPED)
            assert row.reason == Reason.OPTED_OUT
            assert number not in arrived
        else:
            assert row.started_at <= answered
            assert number not in arrived or arrived[number] <= answered + REQUEST
    lost = sum(number in arrived for number in stopped)
    assert 0 < lost < len(stopped), "all were too quick or too slow for a race"

"""An export with very many messages, written straight into a ZIP file: no test has to hold it in memory."""

import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from tests.support.salesforce_export import OURS, START, Export, Style, phone, record, sid

PER_NUMBER = 20
ORDINARY = "We meet on Saturday at {} o’clock by the river; please bring gloves, a friend and {} bags. Thank you!"
ONE_STOPS_IN, ONE_MAY_STOP_IN = 400, 700
"""Of so many messages one asks, or may ask, to stop."""
AT_ONCE = 1000


def write(path: Path, messages: int) -> None:
    """Write an export of so many messages with a twentieth as many numbers, one in four of which has opted in."""
    small = Export(Style())
    keyword = record("a0K", 1)
    small.add("Opt_In_Keyword__c", Id=keyword, Name="Volunteer")
    for index in range(0, messages // PER_NUMBER, 4):
        small.add(
            "Opt_In__c",
            UniqueId__c=f"u{index}",
            Opt_In_Phone_Number_Unformatted__c=phone(index),
            Opt_In_Keyword__c=keyword,
            Active__c=True,
            Opt_In_Date_Time__c=START - timedelta(days=30),
            Opt_Out_Date_Time__c=None,
        )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in small.rows:
            archive.writestr(f"{name}.csv", small.csv(name))
        with archive.open("Message__c.csv", "w") as binary, io.TextIOWrapper(binary, "utf-8") as file:
            for part in _parts(messages):
                file.write(part)


def body(index: int) -> str:
    """Return the text of a message."""
    if index % ONE_STOPS_IN == 7:
        return "STOP"
    return "we have to stop this bill" if index % ONE_MAY_STOP_IN == 11 else ORDINARY.format(index % 12, index)


def is_inbound(index: int) -> bool:
    """Tell whether a message came in."""
    return index % 2 == 1


def _parts(messages: int) -> Iterator[str]:
    numbers = max(messages // PER_NUMBER, 1)
    for first in range(0, messages, AT_ONCE):
        some = Export(Style())
        for index in range(first, min(first + AT_ONCE, messages)):
            other = phone(index % numbers)
            some.add(
                "Message__c",
                Id=record("a0M", index + 1),
                External_Id__c=sid(index + 1),
                Direction__c="Inbound" if is_inbound(index) else "Outbound",
                Body__c=body(index),
                To_Number__c=OURS if is_inbound(index) else other,
                From_Number__c=other if is_inbound(index) else OURS,
                Status__c="received" if is_inbound(index) else "delivered",
                CreatedDate=START + timedelta(seconds=index // 4),
            )
        text = some.csv("Message__c").decode()
        yield text if first == 0 else text.split("\n", 1)[1]

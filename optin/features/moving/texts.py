"""Messages of the export, and what the texts among them ask for by our own words. Pure."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from optin import phone
from optin.channels import address
from optin.channels.address import Address
from optin.enums import Channel, Meaning
from optin.features.moving.records import ExportRow
from optin.features.moving.signs import SignMeaning, TextSign
from optin.reading import words
from optin.refused import Refused
from optin.spreadsheets.numbers import number_in

SID = 34
LONGEST_TRIGGER = 500
_IN = ("in", "received", "receiving")
_OUT = ("out", "sent", "sending")


@dataclass(frozen=True, slots=True)
class MovedMessage:
    """A message as it is to be shown: the other party, our address, its text, when, and how far it came.

    `status` is Twilio's word; `sid` is "" where Twilio never had the message, then `key` tells it from others.
    `is_dated` tells whether the file says when; else `at` is now.
    """

    line: int
    key: str
    sid: str
    is_inbound: bool
    other: Address
    ours: str
    body: str
    at: datetime
    status: str = ""
    is_campaign: bool = False
    media_count: int = 0
    is_dated: bool = True


def read(row: ExportRow, region: str, now: datetime) -> MovedMessage | Refused:
    """Read a row; refused where it can't be shown in any thread."""
    said = row.text("direction").strip().casefold()
    is_inbound = said.startswith(_IN)
    if not is_inbound and not said.startswith(_OUT):
        return Refused("It does not say whether it was received or sent.")
    theirs, ours = ("from", "to") if is_inbound else ("to", "from")
    other = _address(row.text(theirs), region)
    if other is None:
        return Refused(f"It has no phone number in the column {'From' if is_inbound else 'To'}.")
    at = row.moment("sent_at") or row.moment("created_at")
    body = row.text("body").replace("\0", "")
    sid = row.text("sid").strip()
    media = row.text("media_count").strip()
    return MovedMessage(
        line=row.line,
        key=row.key() or _content_key(said, other.value, row.text(ours), at, body),
        sid=sid if len(sid) == SID else "",
        is_inbound=is_inbound,
        other=other,
        ours=row.text(ours).strip(),
        body=body,
        at=at or now,
        status=row.text("status").strip().casefold(),
        is_campaign=bool(row.text("campaign").strip()),
        media_count=int(media) if media.isdecimal() and len(media) < 3 else 0,
        is_dated=at is not None,
    )


def _content_key(*parts: object) -> str:
    """Return what tells a message from others in a file without ids."""
    return f"sha256 {hashlib.sha256(repr(parts).encode()).hexdigest()}"


def sign_of(message: MovedMessage, keywords: Collection[str], extra_opt_out: Collection[str]) -> TextSign | None:
    """Return what a received text says of leaving, None for nothing.

    `keywords` are in normal form, archived ones too.
    """
    if not message.is_inbound:
        return None
    found = words.read(message.body, keywords=keywords, known_keywords=keywords, extra_opt_out=extra_opt_out)
    match found.meaning:
        case Meaning.OPT_OUT:
            meaning = SignMeaning.OPT_OUT
        case Meaning.OPT_OUT_KEYWORD:
            meaning = SignMeaning.ONE_KEYWORD
        case _ if found.hold is not None:
            meaning = SignMeaning.DOUBT
        case _:
            return None
    return TextSign(
        line=message.line,
        at=message.at if message.is_dated else None,
        meaning=meaning,
        sid=message.sid,
        keyword=found.keyword or "" if meaning is SignMeaning.ONE_KEYWORD else "",
        cause=found.hold or "",
        trigger=(found.trigger or "")[:LONGEST_TRIGGER],
        body=message.body[:LONGEST_TRIGGER],
    )


def _address(written: str, region: str) -> Address | None:
    """Return an address as Twilio writes it, or a phone number as people write it; None for neither."""
    plain = written.strip()
    if not plain:
        return None
    found = address.parse(plain)
    if found.is_phone or found.channel is not Channel.SMS:
        return found
    number = number_in(plain, region)
    if not isinstance(number, Refused):
        return Address(Channel.SMS, number.number)
    with_plus = f"+{plain}"
    return address.parse(with_plus) if len(plain) >= 11 and phone.is_e164(with_plus) else None

"""The part of TwiML that answers a text: <Response> with <Message> elements."""

from typing import NamedTuple
from xml.etree import ElementTree

MOST_REPLIES = 10


class Reply(NamedTuple):
    """One <Message>; None where the element leaves the address to Twilio."""

    body: str
    media: tuple[str, ...]
    to: str | None
    sender: str | None
    status_callback: str | None


def read(document: bytes) -> list[Reply] | None:
    """Return the messages of a TwiML document, or None if it is not one (Twilio error 12100)."""
    if b"<!DOCTYPE" in document:
        return None
    try:
        # The document is our own application's and declares no entities (checked above).
        root = ElementTree.fromstring(document)  # noqa: S314
    except ElementTree.ParseError:
        return None
    if root.tag != "Response":
        return None
    return [_reply(element) for element in root if element.tag in ("Message", "Sms")]


def _reply(element: ElementTree.Element) -> Reply:
    bodies = [part.text or "" for part in element if part.tag == "Body"]
    return Reply(
        body="".join(bodies) if bodies else (element.text or "").strip(),
        media=tuple((part.text or "").strip() for part in element if part.tag == "Media"),
        to=element.get("to"),
        sender=element.get("from"),
        status_callback=element.get("statusCallback") or element.get("action"),
    )

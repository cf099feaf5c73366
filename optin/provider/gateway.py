"""What the outside world looks like from here: send one text, check one signature."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from optin.enums import MessageStatus
from optin.provider.pricing import CountryPrices


@dataclass(frozen=True)
class SentMessage:
    """The provider accepted the message: its SID, first status and the segments it counted (0 when not known yet)."""

    sid: str
    status: MessageStatus
    segments: int = 0


@dataclass(frozen=True)
class ListedMessage:
    """A message in the provider's list. `number` is the other party's, `address` ours ("" while none was chosen).

    `status` is the provider's word; `at` its own date of the message, `segments` its count (0 when not known).
    """

    sid: str
    inbound: bool
    number: str
    address: str
    messaging_service_sid: str | None
    body: str
    status: str
    error_code: int | None
    at: datetime
    media_count: int = 0
    segments: int = 0


class Failure(Enum):
    """What is known of a request that the provider did not say it accepted.

    REFUSED: it looked at the message and does not want it. NOT_SENT: the request was surely not processed and may be
    repeated later. UNKNOWN: the connection was lost after the request, or a 5xx; such a message is never sent again by
    itself.
    """

    REFUSED = "refused"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"


class GatewayError(Exception):
    """The provider did not say that it accepted the message.

    `code` is the provider's error code, `text` its words, `http_status` that of its answer (0: none came).
    """

    def __init__(self, text: str, failure: Failure, *, code: int | None = None, http_status: int = 0) -> None:
        super().__init__(text, failure)
        self.text = text
        self.failure = failure
        self.code = code
        self.http_status = http_status

    def __str__(self) -> str:
        return self.text


class Gateway(Protocol):
    """What Optin needs of a provider of texts; optin/provider/twilio.py is the one there is."""

    def send(
        self, *, to: str, sender: str, body: str, status_callback: str, good_for: float | None = None
    ) -> SentMessage:
        """Send one text; raises GatewayError.

        After `good_for` seconds the provider is not to hand it to a carrier any more (None: its own limit).
        """

    def listed(
        self, *, to: str | None = None, sent_after: datetime | None = None, sent_before: datetime | None = None
    ) -> Iterator[ListedMessage]:
        """List messages, newest first, page by page while they are asked for; raises GatewayError.

        With a date only messages that were sent or received: what still waits at the provider has none.
        """

    def signed(self, url: str, form: Mapping[str, str], signature: str) -> bool:
        """Tell whether the provider signed this request to `url` (as configured there, without fragment)."""


class PriceList(Protocol):
    """Who tells what texts cost: the provider as well."""

    def prices(self, country: str) -> CountryPrices | None:
        """Return the prices to a country (ISO 3166, two letters), None where there are none; raises GatewayError."""

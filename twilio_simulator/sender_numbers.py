"""What the account owns: numbers of each kind, and Messaging Services with their pools."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

SIMULATOR_NUMBERS = ("+14155550100", "+18335550100", "40404")
SIMULATOR_SERVICE_SID = "MGdead51" + "0" * 26
POOL_SIZE = 2
# Twilio's own words, STOP filtering and Advanced Opt-Out; ARRET is what a Canadian list adds.
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})

STOP_TEXT = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number."
    " Reply START to resubscribe."
)
START_TEXT = (
    "You have successfully been re-subscribed to messages from this number. Reply HELP for help."
    " Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)
HELP_TEXT = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."


class NumberKind(StrEnum):
    """What kind of address texts are sent from: it decides who answers STOP."""

    LONG_CODE = "long_code"
    TOLL_FREE = "toll_free"
    SHORT_CODE = "short_code"
    SERVICE = "messaging_service"
    RCS = "rcs"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class AdvancedOptOut:
    """The words (capitals) and texts of a service's own list; `stop`, `start`, `unstop` and `help` stay in any list."""

    stop_words: frozenset[str] = STOP_WORDS | {"ARRET"}
    start_words: frozenset[str] = START_WORDS
    help_words: frozenset[str] = HELP_WORDS
    stop_text: str = STOP_TEXT
    start_text: str = START_TEXT
    help_text: str = HELP_TEXT

    def kind_of(self, word: str) -> str | None:
        """Return the OptOutType that the webhook of a text with this one word (capitals) carries, or None."""
        if word in self.stop_words | {"STOP"}:
            return "STOP"
        if word in self.start_words | {"START", "UNSTOP"}:
            return "START"
        return "HELP" if word in self.help_words | {"HELP"} else None


@dataclass(frozen=True)
class Service:
    """A Messaging Service (docs/messaging/services).

    `pool` are the numbers it sends from. Inbound texts go to the account's webhook while `use_number_webhook` is on,
    else to `inbound_url`; without either they are neither received nor logged. `status_callback` counts where the
    message names none.
    """

    sid: str
    pool: tuple[str, ...]
    advanced_opt_out: AdvancedOptOut | None = None
    inbound_url: str = ""
    use_number_webhook: bool = True
    status_callback: str = ""


def account_numbers(addresses: Mapping[str, str]) -> tuple[dict[str, NumberKind], tuple[Service, ...]]:
    """Return the numbers and the services of an account with these addresses, each given with its kind.

    Each service gets long codes of its own that are not among the addresses, and Advanced Opt-Out.
    """
    numbers: dict[str, NumberKind] = {
        address: NumberKind(kind) for address, kind in addresses.items() if kind != NumberKind.SERVICE
    }
    fresh = (number for number in (f"+1415555{last:04}" for last in count(101)) if number not in numbers)
    services = []
    for address, kind in addresses.items():
        if kind == NumberKind.SERVICE:
            pool = tuple(next(fresh) for _ in range(POOL_SIZE))
            services.append(Service(address, pool, AdvancedOptOut()))
            numbers |= dict.fromkeys(pool, NumberKind.LONG_CODE)
    return numbers, tuple(services)

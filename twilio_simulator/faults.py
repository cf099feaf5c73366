"""Faults on demand: which there are, and whether one strikes. Pure: the same plan always strikes the same texts.

What decides is drawn from the plan's seed, the fault, the person's number and how many texts went to or came from it
since the plan was made. So a run is repeated exactly, in whatever order the threads come.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256


class Fault(StrEnum):
    """What may go wrong, grouped as it meets a text on its way."""

    REFUSED = "refused"  # 429: not processed
    FAILED_BEFORE = "failed_before"  # 5xx, nothing was accepted
    FAILED_AFTER = "failed_after"  # 5xx, though it was accepted
    DROPPED = "dropped"  # accepted, and the answer breaks off
    SLOW = "slow"  # accepted, and the answer takes long

    CARRIER = "carrier"  # the carrier reports an error code
    NO_RECEIPT = "no_receipt"  # it stays "sent"

    CALLBACK_LOST = "callback_lost"
    CALLBACK_LATE = "callback_late"
    CALLBACK_TWICE = "callback_twice"
    CALLBACK_SHUFFLED = "callback_shuffled"  # "delivered" before "sent"

    WEBHOOK_LOST = "webhook_lost"
    WEBHOOK_LATE = "webhook_late"
    WEBHOOK_TWICE = "webhook_twice"


CARRIER_CODES = (30001, 30003, 30004, 30005, 30006, 30007, 30008, 30017, 30022, 30034)
# These end a message before it is handed to a carrier; the others are a carrier's receipt (docs/api/errors).
NEVER_SENT = frozenset({30001, 30022})
_RANGES = {"seed": 10**9, "code": 0, "seconds": 60, "per_second": 1000, "at_once": 1000}


@dataclass(frozen=True)
class FaultPlan:
    """Which faults strike how often (percent), and their particulars. An empty plan is a faultless network."""

    chances: Mapping[Fault, int] = field(default_factory=dict)
    seed: int = 1
    only: str = ""
    """The one number (E.164) that faults strike; "" for all."""
    code: int = 30003
    seconds: int = 5
    """How long what is late is late, and a slow answer takes."""
    per_second: int = 0
    """Segments that each sender hands to the carrier in a second; 0 for no limit."""
    at_once: int = 0
    """Requests to the API that may be under way at once; 0 for no limit."""

    @property
    def has_chances(self) -> bool:
        """Tell whether any fault may strike."""
        return any(self.chances.values())

    def strikes(self, fault: Fault, phone: str, draw: str, step: str = "") -> bool:
        """Tell whether a fault strikes a phone's text, `draw` being its place among them, at a `step` of its way."""
        chance = self.chances.get(fault, 0)
        if not chance or not draw or self.only not in ("", phone):
            return False
        drawn = sha256(f"{self.seed}/{fault}/{phone}/{draw}/{step}".encode()).digest()
        return int.from_bytes(drawn[:8]) % 100 < chance

    def as_json(self) -> dict[str, str | int]:
        """Return the plan flat, a key for each chance and particular."""
        particulars = {name: getattr(self, name) for name in ("only", *_RANGES)}
        return {**{str(fault): self.chances.get(fault, 0) for fault in Fault}, **particulars}


def read(given: Mapping[str, str]) -> FaultPlan:
    """Make a plan of texts by name, as `as_json` names them; what is missing or "" is off.

    Raises ValueError with the name of what makes no sense.
    """
    chances = {fault: _number(given, str(fault), 0, 100) for fault in Fault}
    particulars = {
        name: _number(given, name, getattr(FaultPlan(), name), most) for name, most in _RANGES.items() if most
    }
    code = given.get("code", "").strip() or str(FaultPlan().code)
    if code not in map(str, CARRIER_CODES):
        raise ValueError("code")
    return FaultPlan(
        chances={f: n for f, n in chances.items() if n}, only=given.get("only", ""), code=int(code), **particulars
    )


def _number(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = given.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10) or int(text) > most:
        raise ValueError(name)
    return int(text)

"""How a core function says no: a value that its caller must look at. Exceptions are for what nobody expects."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from optin.enums import Reason

Done = TypeVar("Done")


@dataclass(frozen=True)
class Refused:
    """Why something was not done, in a sentence for whoever asked for it; nothing was changed.

    `reason` is the rule's, where a rule about sending refused it; `field` the form's field that the sentence is about,
    "" for none. `more` is what else speaks against it.
    """

    sentence: str
    reason: Reason | None = None
    field: str = ""
    more: "tuple[Refused, ...]" = ()

    def __iter__(self) -> "Iterator[Refused]":
        """Go through all that speaks against it, this first."""
        yield self
        yield from self.more


def done(result: Done | Refused) -> Done:
    """Return what was done, where nothing should be refused; raises RuntimeError with the sentence if it is."""
    if isinstance(result, Refused):
        raise RuntimeError(f"this was refused: {result.sentence}")
    return result

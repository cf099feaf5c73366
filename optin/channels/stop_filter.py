"""Which inbound words Twilio, or the network behind a number, has already acted on. Pure.

Source: Twilio's Advanced Opt-Out, https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from optin.enums import SenderKind


@dataclass(frozen=True, slots=True)
class FilteredWords:
    """The words by which Twilio blocks, lifts its block and answers by itself, in small letters.

    `by_network`: it is the network that blocks, and lifts its block for none but these words.
    """

    stop: frozenset[str] = frozenset()
    start: frozenset[str] = frozenset()
    help: frozenset[str] = frozenset()
    by_network: bool = False


class FilteredSender(Protocol):
    """What the filter needs to know of the sender that received a text."""

    @property
    def kind(self) -> str: ...

    @property
    def advanced_opt_out(self) -> bool: ...


_NONE = FilteredWords()
_ADVANCED = FilteredWords(frozenset({"stop"}), frozenset({"start", "unstop"}), frozenset({"help"}))
"""An Advanced Opt-Out list can be edited, and no interface tells its words: only these can't be removed from it."""


@dataclass(frozen=True, slots=True)
class StopFilter:
    """What Twilio does itself with a text to a sender, as far as Optin can know.

    `words` are those that it filters by default, by the kind of sender; for other kinds it filters none. `body` is the
    text as received; Twilio wants the bare word, in any case. `opt_out_type` is the webhook's OptOutType, which settles
    it; without one (a message fetched from the list has none) a sender whose Messaging Service has Advanced Opt-Out
    acts on the words that can't be taken off its list.
    """

    words: Mapping[SenderKind, FilteredWords] = field(default_factory=dict)

    def answers(self, body: str, sender: FilteredSender, opt_out_type: str | None = None) -> bool:
        """Tell whether Twilio has itself answered this body, so that the app must not answer an opt-out, HELP or START.

        The answer to a double opt-in question is the app's own even where this is true for YES: Twilio says nothing
        about a keyword.
        """
        words = self._filtered(sender)
        return bool(opt_out_type) or _word(body) in words.stop | words.start | words.help

    def blocks(self, body: str, sender: FilteredSender, opt_out_type: str | None = None) -> bool:
        """Tell whether Twilio now refuses to send from the sender to this person."""
        if opt_out_type:
            return opt_out_type.strip().upper() == "STOP"
        return _word(body) in self._filtered(sender).stop

    def unblocks(self, body: str, sender: FilteredSender, opt_out_type: str | None = None) -> bool:
        """Tell whether Twilio, or the network, has lifted its block of the sender."""
        if opt_out_type:
            own = self._by_default(sender)
            return opt_out_type.strip().upper() == "START" and (not own.by_network or _word(body) in own.start)
        return _word(body) in self._filtered(sender).start

    def _filtered(self, sender: FilteredSender) -> FilteredWords:
        return _ADVANCED if sender.advanced_opt_out else self._by_default(sender)

    def _by_default(self, sender: FilteredSender) -> FilteredWords:
        return self.words.get(SenderKind(sender.kind), _NONE)


def _word(body: str) -> str:
    return body.strip(string.whitespace).lower() if body.isascii() else ""

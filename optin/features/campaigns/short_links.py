"""The composer's offer to shorten the links of a broadcast: where there are any, and a domain to do it with."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from optin.policy.policy import Policy
from optin.short_links import keeping
from optin.texts import links

if TYPE_CHECKING:
    from optin.features.campaigns.compose import Draft


@dataclass(frozen=True)
class LinkOffer:
    """So many links of the texts can be shortened under the domain."""

    host: str
    count: int


def offer(texts: Sequence[str], host: str) -> LinkOffer | None:
    """Return what the composer offers; None without a domain, or without a link."""
    found = {link for text in texts for link in links.find_for(text, host)} if host else ()
    return LinkOffer(host, len(found)) if found else None


def as_sent(draft: "Draft", policy: Policy) -> "Draft":
    """Return a draft with its texts as long as they will be sent."""
    return draft.rewritten(partial(keeping.as_sent, shortens=draft.choices.shortens, host=policy.short_domain))

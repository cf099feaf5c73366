"""Links in the text of a broadcast: where they stand, where they lead, and the text with short ones in their place.

A link begins with http:// or https:// and stands in the text itself: one with a merge field in it leads each person
elsewhere, and what stands in a value or a default is not ours to change. Both stay as they are.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from werkzeug.urls import iri_to_uri

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"
"""Letters and digits that nobody takes for one another: without 0, O, o, 1, I and l."""
CODE_LENGTH = 6
EXAMPLE = "x" * CODE_LENGTH
"""Stands for a code that is not made yet: all are as long, and cost as much."""
LONGEST = 2000
"""The longest address, as it stands in the header that leads there."""
_PUBLIC = """
    adf.ly bit.do bit.ly bitly.com bl.ink buff.ly clck.ru cutt.ly dub.sh fb.me goo.gl hyperurl.co is.gd j.mp lnk.bio
    lnkd.in mcaf.ee ow.ly qr.ae rb.gy rebrand.ly s.id short.gy short.io shorte.st shorturl.at smarturl.it snip.ly
    soo.gd t.co t.ly t2m.io tiny.cc tiny.one tinyurl.com trib.al u.to urlzs.com v.gd x.co
"""
PUBLIC_SHORTENERS = frozenset(_PUBLIC.split())
"""Domains under which anybody can have a short link, as of November 2026; carriers filter texts with them."""

_ENDS = r"\s\x00-\x1f\x7f<>\"{}|\\^`“”„«»‹›\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3000-\u303f！（），：；？\ufeff"
_LINK_OR_FIELD = re.compile(rf"\{{\{{[^{{}}]*\}}\}}|(?<![\w}}])(?P<link>https?://[^{_ENDS}]+)", re.IGNORECASE)
_AFTER_A_LINK = ".,;:!?'’‘…"
_BRACKETS = {")": "(", "]": "["}
_BARE_SHORT = re.compile(
    rf"(?<![\w.@-])(?:https?://)?(?:www\.)?({'|'.join(map(re.escape, sorted(PUBLIC_SHORTENERS)))})/[\w-]", re.IGNORECASE
)


def find(text: str) -> list[str]:
    """Return the links of a text that can be shortened, as typed, each once, in their order."""
    return list(dict.fromkeys(text[start:end] for start, end in _spans(text)))


def shortened(text: str, short: Mapping[str, str]) -> str:
    """Return the text with what `short` has for them in the place of its links; others stay."""
    parts, done = [], 0
    for start, end in _spans(text):
        if text[start:end] in short:
            parts += [text[done:start], short[text[start:end]]]
            done = end
    return "".join([*parts, text[done:]])


def short_link(host: str, code: str = EXAMPLE) -> str:
    """Return the short link of a code."""
    return f"https://{host}/{code}"


def as_sent(text: str, host: str) -> str:
    """Return the text as long as it will be with short links, before there are codes for them."""
    return shortened(text, {link: short_link(host) for link in find_for(text, host)})


def find_for(text: str, host: str) -> list[str]:
    """Return the links that are shortened under a domain: not those that are under it already."""
    return [link for link in find(text) if urlsplit(link).hostname != host]


def location(link: str) -> str | None:
    """Return the address of a link as a header may say it, in ASCII; None for one that nobody is led to.

    It must be http or https, name a host and no user, and have nothing in it that could end a header.
    """
    if any(character.isspace() or not character.isprintable() or character == "\\" for character in link):
        return None
    try:
        parts = urlsplit(link)
        is_right = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc and parts.port != 0
        found = iri_to_uri(link) if is_right else ""
    except ValueError:
        return None
    return found if found.isascii() and 0 < len(found) <= LONGEST else None


def warnings(text: str) -> list[str]:
    """Return a sentence for each public shortener in a text."""
    found = dict.fromkeys(match[1].lower() for match in _BARE_SHORT.finditer(text))
    return [f"Carriers filter texts with links of {name}. Write the whole link instead." for name in found]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Find the links that can be shortened."""
    for match in _LINK_OR_FIELD.finditer(text):
        link = match["link"]
        if link is None or text.startswith("{{", match.end()):
            continue
        link = _without_what_follows(link)
        if location(link):
            yield match.start(), match.start() + len(link)


def _without_what_follows(link: str) -> str:
    """Return a link without the punctuation of the sentence around it; a bracket that opens in it closes in it."""
    last = link[-1]
    if last in _AFTER_A_LINK or (last in _BRACKETS and link.count(last) > link.count(_BRACKETS[last])):
        return _without_what_follows(link[:-1])
    return link

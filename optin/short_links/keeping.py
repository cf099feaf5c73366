"""The codes of a broadcast's links: made as its messages are put into the outbox, and part of its texts from then on.

They are stored in the transaction that puts the messages there, so that no message can start without them. What stands
in the text of a broadcast is never changed: a copy of it has the long links, and gets codes of its own.
"""

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import channels, clock
from optin.database.statements import insert
from optin.enums import Variant
from optin.models import Broadcast, ShortLink
from optin.policy import audit, cache
from optin.texts import links, merge_fields

TRIES = 20
"""A code is taken by chance in one of some hundred thousand tries, with 100,000 of them."""
NOT_ANY_MORE = "its links can’t be shortened any more, and with the long ones its text is too long"
SHORT, AS_WRITTEN = "Shortened, clicks counted", "As written"
"""What the trail says of the links of a broadcast."""
Short = Mapping[str, str]
"""Short links by the long ones in whose place they are sent."""


def keep(session: Session, broadcast: Broadcast) -> None:
    """Give the links of a broadcast their codes, if it shortens them; without a domain by now it does not any more.

    The caller begins the broadcast in the same transaction, which happens once.
    """
    if not broadcast.shortens:
        return
    host = cache.policy(session).short_domain
    if not host:
        broadcast.shortens = False
        audit.record(session, None, "changed", "broadcast", broadcast.id, {"Links": (SHORT, AS_WRITTEN)})
        return
    for variant, text in zip(Variant, broadcast.texts, strict=False):
        for place, link in enumerate(links.find_for(text, host)):
            _make(session, link, host, place, broadcast_id=broadcast.id, variant=variant)


def of_test(session: Session, texts: Sequence[str]) -> Short:
    """Give the links of texts that a user sends to themselves codes that lead there; the caller commits."""
    host = cache.policy(session).short_domain
    found = dict.fromkeys(link for text in texts for link in links.find_for(text, host)) if host else ()
    return {link: links.short_link(host, _make(session, link, host, place)) for place, link in enumerate(found)}


def of_broadcast(session: Session, broadcast: Broadcast) -> Mapping[str, Short]:
    """Return the short links of each of a broadcast's texts, by variant; nothing for one that has none."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    if broadcast.shortens:
        mine = select(ShortLink.variant, ShortLink.link, ShortLink.host, ShortLink.code)
        for variant, link, host, code in session.execute(mine.where(ShortLink.broadcast_id == broadcast.id)):
            found[variant][link] = links.short_link(host, code)
    return found


def is_too_long_now(session: Session, broadcast: Broadcast) -> bool:
    """Tell whether the domain is gone that a broadcast needs to be short enough, whoever gets it."""
    if not broadcast.shortens or cache.policy(session).short_domain:
        return False
    measure = channels.rules_of(broadcast.channel).measure
    return any(measure(merge_fields.render(text, {})).too_long for text in broadcast.texts)


def as_sent(text: str, *, shortens: bool, host: str) -> str:
    """Return a text as long as it will be sent: with short links where it shortens them and there is a domain."""
    return links.as_sent(text, host) if shortens and host else text


def _make(
    session: Session,
    link: str,
    host: str,
    place: int,
    *,
    broadcast_id: int | None = None,
    variant: Variant = Variant.A,
) -> str:
    """Store a link under a new code, another where that is taken, and return the code."""
    for _ in range(TRIES):
        new = {"code": new_code(), "host": host, "link": link, "place": place, "made_at": clock.now()}
        statement = insert(ShortLink).values(**new, broadcast_id=broadcast_id, variant=variant)
        made: str | None = session.scalar(
            statement.on_conflict_do_nothing(index_elements=["code"]).returning(ShortLink.code)
        )
        if made is not None:
            return made
    raise RuntimeError("no code is free")


def new_code() -> str:
    """Draw a code: nobody guesses one of some hundred thousand among thirty thousand million."""
    return "".join(secrets.choice(links.ALPHABET) for _ in range(links.CODE_LENGTH))

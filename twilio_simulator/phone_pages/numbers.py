"""Numbers for phones: read from the address, invented, or a person's."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import phone
from optin.config import Config
from optin.enums import Channel, SenderKind
from optin.models import Conversation, Person, Sender
from optin.provider import senders
from optin.queries.people_of_numbers import CONTACT_FIRST
from optin.refused import Refused
from twilio_simulator import account_numbers

# 555-0100 to 555-0199 of each area code are set apart for fiction (NANPA): no real person has one of them.
AREAS = ("646", "312", "206", "415", "503", "213", "617", "303")
PEOPLE_AT_ONCE = 12
BY = (str(Channel.RCS), str(Channel.WHATSAPP))


def ours(session: Session, config: Config) -> dict[str, str]:
    """Return our addresses that a person can text, the default first, each with what kind it is.

    Those in a Messaging Service's pool are here before the app knows them: it learns them when they are texted.
    """
    known = {each.address: each.kind for each in senders.in_use(session) if each.kind != SenderKind.SERVICE}
    served, services = account_numbers({address: senders.kind_of(address) for address in config.twilio_from})
    kinds = {address: SenderKind(kind).label for address, kind in {**known, **served}.items()}
    return kinds | {number: "service, Advanced Opt-Out" for service in services for number in service.pool}


def read(text: str, region: str, ours: Collection[str]) -> str | Refused:
    """Return the E.164 form of a number for a phone; `ours` are our own addresses, which are refused.

    A channel may stand before it, as in "rcs:(415) 555-0134": then the phone texts by that.
    """
    channel, _, rest = text.strip().partition(":")
    if channel.lower() in BY:
        number = read(rest, region, ours)
        return number if isinstance(number, Refused) else f"{channel.lower()}:{number}"
    number = phone.normalise(text, region)
    if number in ours:
        return Refused("That is one of our own numbers. Enter another one.")
    return number


def read_all(texts: Iterable[str], region: str, ours: Collection[str]) -> list[str]:
    """Return the numbers in the parts of an address, each once; what is no number is left out."""
    found: dict[str, None] = {}
    for text in texts:
        # A plus sign that somebody types into the address bar arrives as a space.
        number = read("+" + text[1:] if text.startswith(" ") else text, region, ours)
        if not isinstance(number, Refused):
            found[number] = None
    return list(found)


def invent(session: Session, taken: Collection[str]) -> str:
    """Return a fictional number that nobody here has or texted from; `taken` are others to leave out."""
    for area in AREAS:
        wanted = [f"+1{area}5550{last}" for last in range(100, 200)]
        used = {*taken, *_used(session, wanted)}
        free = next((number for number in wanted if number not in used), None)
        if free:
            return free
    return f"+1{AREAS[0]}5550100"


def with_mobile(session: Session, search: str, besides: Collection[str]) -> Sequence[Person]:
    """List people who have a number, contacts first; all words of `search` are in their names.

    Where there are more than PEOPLE_AT_ONCE, one more comes along to tell.
    """
    words = [Person.sort_name.contains(word, autoescape=True) for word in search.casefold().split()]
    found = select(Person).where(Person.mobile.is_not(None), Person.mobile.not_in(list(besides)), *words)
    return session.scalars(found.order_by(CONTACT_FIRST, Person.sort_name, Person.id).limit(PEOPLE_AT_ONCE + 1)).all()


def _used(session: Session, wanted: Sequence[str]) -> set[str]:
    people = select(Person.mobile).where(Person.mobile.in_(wanted))
    threads = select(Conversation.number).where(Conversation.number.in_(wanted))
    addresses = select(Sender.address).where(Sender.address.in_(wanted))
    return {str(number) for number in session.scalars(people.union(threads, addresses))}

"""What the tests of people and inbox start from: a keyword, a sender, contacts, and texts that come in."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import PersonKind, SenderKind
from optin.models import Keyword, KeywordWord, Message, Person, Sender
from optin.person import records
from optin.receiving import inbound
from optin.receiving.inbound import InboundText
from optin.refused import done

OURS = "+14155550100"
NOOR = "+12065550163"


@pytest.fixture
def volunteer(session: Session) -> Keyword:
    """The keyword volunteer, and our number."""
    keyword = Keyword(word="volunteer", created_at=clock.now())
    keyword.words.append(KeywordWord(word="volunteer", normal="volunteer", is_main=True))
    session.add_all([keyword, Sender(address=OURS, kind=SenderKind.LONG_CODE, created_at=clock.now())])
    session.flush()
    return keyword


@pytest.fixture
def noor(session: Session) -> Person:
    """A contact with a mobile number."""
    fields = {"first_name": "Noor", "last_name": "Haddad", "mobile": NOOR, "company": "Harbor Friends"}
    return done(records.create(session, PersonKind.CONTACT, fields, None))


@pytest.fixture
def text(session: Session) -> Callable[..., Message]:
    """Let somebody text us: `text("volunteer")` from Noor's number, or from `number`."""
    count = 0

    def come_in(body: str, number: str = NOOR, media: int = 0) -> Message:
        nonlocal count
        count += 1
        stored = inbound.receive(session, InboundText(f"SM{count:032}", number, OURS, body, media))
        assert stored is not None
        return stored

    return come_in

"""What tests of short links arrange: the domain, a code, a person's browser."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.models import ShortLink, ShortLinkClicks
from optin.policy import policy

HOST = "go.example.org"
CODE = "Ab3xY9"
TARGET = "https://river.example/clean-up?from=sms"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)


def switch_on(session: Session, host: str = HOST, *former: str) -> None:
    """Have a domain of short links."""
    policy.change(session, None, short_domain=host, former_short_domains=former)
    session.commit()


def kept(session: Session, code: str = CODE, link: str = TARGET, host: str = HOST) -> ShortLink:
    """Store a short link of no broadcast."""
    made = ShortLink(code=code, host=host, link=link, place=0, made_at=clock.now())
    session.add(made)
    session.commit()
    return made


def clicks(session: Session) -> list[tuple[str, int]]:
    """Return the counts by code, hour after hour."""
    counted = (
        select(ShortLink.code, ShortLinkClicks.clicks).join(ShortLink).order_by(ShortLink.id, ShortLinkClicks.hour)
    )
    found = [(code, count) for code, count in session.execute(counted)]
    session.commit()
    return found

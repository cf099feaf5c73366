"""For the gallery: prices of segments, of several days, countries and kinds of sender; and a campaign that is dear."""

from sqlalchemy.orm import Session

from optin.enums import SenderKind
from optin.models import Keyword, SegmentPrice
from tests.support import campaign_scene, world

PRICES = (
    ("US", SenderKind.LONG_CODE, "2025-01-01", 7_900, 3_000),
    ("US", SenderKind.LONG_CODE, "2026-01-01", 8_300, 3_000),
    ("US", SenderKind.TOLL_FREE, "2026-01-01", 8_300, 0),
    ("GB", SenderKind.LONG_CODE, "2100-01-01", 56_000, 0),
)
ABROAD = {"Anne Roy": "+14165550171", "Łukasz Wit": "+14155560172", "Bartholomew Featherstonehaugh": "+14155560173"}
DEAR = (
    "Hi {{ first_name }}, the boat house opens on Sunday at 10. Coffee is on us! Bring a friend, warm clothes and good"
    " shoes. We go on the river if the weather lets us go."
)


def have_prices(session: Session) -> None:
    """Enter the prices."""
    for country, kind, day, price, fee in PRICES:
        of = {"country": country, "sender_kind": kind, "valid_from": day, "currency": "USD"}
        session.add(SegmentPrice(**of, price=price, fee=fee))
    session.commit()


def have_dear_campaign(session: Session, keyword: Keyword) -> int:
    """Store a campaign with people of two countries, with a long name and with a letter that needs UCS-2."""
    made = campaign_scene.campaign(session, keyword, "On the river")
    near = {f"Al Nr{number}": f"+1415555018{number}" for number in range(6)}
    for name, number in (ABROAD | near).items():
        campaign_scene.member(session, made, world.person(session, name, number))
        campaign_scene.opts_in(session, number, keyword)
    return made.id

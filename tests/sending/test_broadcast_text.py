"""How long a text gets for the real members."""

import pytest
from sqlalchemy.orm import Session

from optin.sending import broadcast_text
from tests.support import campaign_scene as scene
from tests.support import world

BODY = "Hi {{ first_name }}! "


@pytest.mark.parametrize(
    ("names", "body", "encoding", "segments"),
    [
        ([], BODY, "GSM-7", 1),
        (["Al", "Bo"], BODY + "x" * 150, "GSM-7", 1),
        (["Al", "Bartholomew"], BODY + "x" * 150, "GSM-7", 2),
        (["José", "Al"], BODY, "GSM-7", 1),
        (["Bartholomew", "Łu"], BODY + "x" * 66, "UCS-2", 2),
        (["Bartholomew", "José", "Łu"], "No field" + "x" * 66, "GSM-7", 1),
        (["Al", "Bo"], "{{ brand }}" + "x" * 160, "GSM-7", 2),
    ],
)
def test_the_longest_is_found(session: Session, names: list[str], body: str, encoding: str, segments: int) -> None:
    campaign = scene.campaign(session)
    for index, name in enumerate(names):
        scene.member(session, campaign, world.person(session, name, f"+1415555{index + 100:04d}"))
    found = broadcast_text.longest(session, campaign.id, body, "Our team")
    assert (found.encoding, found.segments) == (encoding, segments)


def test_it_looks_at_members_only_and_at_so_many_as_asked(session: Session) -> None:
    campaign = scene.campaign(session)
    scene.member(session, campaign, world.person(session, "Al", "+14155550100"))
    scene.member(session, campaign, world.person(session, "Bartholomew", "+14155550101"))
    scene.member(session, campaign, world.person(session, "Removed-Name-Which-Is-Long", "+14155550102"), removed=True)
    assert broadcast_text.longest(session, campaign.id, BODY, "us").characters == len("Hi Bartholomew! ")
    assert broadcast_text.longest(session, campaign.id, BODY, "us", among=1).characters == len("Hi Al! ")

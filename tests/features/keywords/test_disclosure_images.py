"""Images of what people are told: taken by their content, in versions, served as what they are."""

import re
from html import unescape
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.evidence import pictures
from optin.models import AuditEntry, DisclosureImage, Keyword, OptIn
from optin.refused import Refused
from tests.conftest import Clock
from tests.support.clients import Browser
from tests.support.world import text

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def made(kind: str, size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


def form(image: bytes | None = None, name: str = "poster.png", **fields: str) -> dict[str, object]:
    """Return what the browser posts; without an image the file field is empty."""
    return {
        "word": "volunteer",
        "disclosure": "Told",
        "image": (BytesIO(image or b""), name if image else ""),
        **fields,
    }


def only(session: Session) -> Keyword:
    return session.scalars(select(Keyword)).one()


@pytest.mark.parametrize(
    ("kind", "options", "media_type"),
    [
        ("PNG", {}, "image/png"),
        ("JPEG", {}, "image/jpeg"),
        ("JPEG", {"progressive": True}, "image/jpeg"),
        ("JPEG", {"exif": b"Exif\0\0" + b"x" * 500}, "image/jpeg"),
        ("WEBP", {}, "image/webp"),
        ("WEBP", {"lossless": True}, "image/webp"),
        ("WEBP", {"exif": b"Exif\0\0" + b"x" * 50}, "image/webp"),
    ],
)
def test_a_picture_is_read_with_its_size(kind: str, options: dict[str, object], media_type: str) -> None:
    data = made(kind, (301, 17), **options)
    assert pictures.read(data) == pictures.Picture(data, media_type, 301, 17)
    for length in (0, 1, 3, 8, 12, 15, 20, 25):
        assert isinstance(pictures.read(data[:length]), Refused)


@pytest.mark.parametrize("data", [b"", b"GIF89a" + b"\0" * 40, SVG, b"%PDF-1.7", b"\xff\xd8\xff" * 99, b"\0" * 99])
def test_anything_else_is_no_picture(data: bytes) -> None:
    assert isinstance(pictures.read(data), Refused)


def test_an_absurd_size_is_refused() -> None:
    assert isinstance(pictures.read(made("PNG", (pictures.WIDEST + 1, 1))), Refused)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_image_is_shown_and_served_as_what_it_is(agent: Browser, session: Session, kind: str) -> None:
    data = made(kind)
    assert agent.post("/keywords", data=form(data, "evil.svg")).status_code == 303
    text(session, "volunteer")
    image = session.scalars(select(DisclosureImage)).one()
    address = f"/keywords/images/{image.id}"
    opt_in = session.scalars(select(OptIn)).one()
    for page in (f"/keywords/{only(session).id}", f"/keywords/{only(session).id}/edit", f"/opt-ins/{opt_in.id}"):
        assert f'src="{address}" width="64" height="48"' in agent.get(page).text
    served = agent.get(address)
    assert (served.data, served.mimetype) == (data, f"image/{kind.lower()}")
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert served.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "immutable" in served.headers["Cache-Control"]


def test_an_opt_in_keeps_the_image_of_its_day(agent: Browser, session: Session) -> None:
    agent.post("/keywords", data=form(made("PNG")))
    text(session, "volunteer")
    url = f"/keywords/{only(session).id}"
    agent.post(url, data=form(made("PNG", (20, 20))))
    agent.post(url, data=form(disclosure="Only the words changed"))
    agent.post(url, data=form(disclosure="Only the words changed", remove_image="y"))
    versions = [(told.version, told.image.width if told.image else None) for told in only(session).disclosures]
    assert versions == [(4, None), (3, 20), (2, 20), (1, 64)]
    opt_in = session.scalars(select(OptIn)).one()
    assert 'width="64"' in agent.get(f"/opt-ins/{opt_in.id}").text
    changes = session.execute(
        select(AuditEntry.before, AuditEntry.after).where(AuditEntry.field == "Image").order_by(AuditEntry.id)
    )
    assert [(before[:11], after[:11]) for before, after in changes] == [
        ("PNG, 64 × 4", "PNG, 20 × 2"),
        ("PNG, 20 × 2", ""),
    ]


def test_the_same_image_again_changes_nothing(agent: Browser, session: Session) -> None:
    agent.post("/keywords", data=form(made("PNG")))
    response = agent.post(f"/keywords/{only(session).id}", data=form(made("PNG")), follow_redirects=True)
    assert "Nothing was changed." in response.text
    assert len(only(session).disclosures) == 1
    assert len(session.scalars(select(DisclosureImage)).all()) == 1


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (SVG, "This file is not a PNG, JPEG or WebP image. Choose another file."),
        (b"\x89PNG\r\n\x1a\n not really", "This file is not a PNG, JPEG or WebP image."),
        (made("PNG") + b"\0" * pictures.LARGEST, "The image is larger than 2 MB."),
    ],
)
def test_a_refused_image_loses_nothing(agent: Browser, session: Session, image: bytes, sentence: str) -> None:
    response = agent.post("/keywords", data=form(image, description="Typed with care"))
    assert response.status_code == 422
    assert sentence in response.text
    assert "Typed with care" in response.text
    assert session.scalars(select(DisclosureImage)).all() == []


def test_an_image_survives_a_form_that_is_refused_for_something_else(agent: Browser, session: Session) -> None:
    refused = agent.post("/keywords", data=form(made("PNG"), word="STOP"))
    kept = str(session.scalars(select(DisclosureImage.id)).one())
    assert refused.status_code == 422
    assert f'name="kept_image" type="hidden" value="{kept}"' in refused.text
    assert "The image that was chosen; it is saved with the form" in refused.text
    agent.post("/keywords", data=form(word="volunteer", kept_image=kept))
    told = only(session).disclosures[0]
    assert str(told.image_id) == kept
    for nonsense in ("999", "x", "9" * 30, "-1"):
        agent.post(f"/keywords/{only(session).id}", data=form(kept_image=nonsense))
    assert len(only(session).disclosures) == 1


def test_a_tick_to_take_it_away_survives_too(agent: Browser, session: Session) -> None:
    agent.post("/keywords", data=form(made("PNG")))
    refused = agent.post(f"/keywords/{only(session).id}", data=form(word="STOP", remove_image="y"))
    (tick,) = re.findall(r'<input [^>]*name="remove_image"[^>]*>', refused.text)
    assert "checked" in tick
    assert only(session).disclosures[0].image is not None


def test_images_of_forms_that_nobody_sent_again_go(agent: Browser, session: Session, clock: Clock) -> None:
    agent.post("/keywords", data=form(made("PNG"), word="STOP"))
    agent.post("/keywords", data=form(made("PNG", (10, 10))))
    clock.forward(hours=25)
    agent.post("/keywords", data=form(made("PNG", (20, 20)), word="STOP"))
    assert session.scalars(select(DisclosureImage.width).order_by(DisclosureImage.width)).all() == [10, 20]


def test_far_too_much_is_refused_with_a_sentence(agent: Browser, session: Session) -> None:
    response = agent.post("/keywords", data=form(b"\0" * (33 * 1024 * 1024)))
    assert response.status_code == 413
    assert "That is too large" in unescape(response.text)


def test_strangers_see_no_image(client: Browser, agent: Browser, session: Session) -> None:
    agent.post("/keywords", data=form(made("PNG")))
    assert client.get("/keywords/images/1").status_code == 303
    assert agent.get("/keywords/images/2").status_code == 404

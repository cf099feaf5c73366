"""The PDF of a proof: whatever people wrote and however long, it is written, and what the font lacks has a name."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from optin.enums import EventKind, OptInStatus
from optin.proof import pdf
from optin.proof.material import File, Proof, ProofEvent, ProofMessage, ProofOptIn, Received, Told
from tests.proof.test_verdict import event

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
PICTURE = File("image", 1, "told/poster.png", "image/png", "ab" * 32, 600, 800)


def proof(written: str, *, times: int = 1, image: File | None = None) -> Proof:
    """Return a proof in which somebody wrote something wherever one can."""
    events: list[ProofEvent] = [event(EventKind.ACTIVATED, text=written, actor=written) for _ in range(times)]
    told = Told(written, 1, NOW, "https://example.org", image)
    opt_in = ProofOptIn(
        1, "OI-000001", written, OptInStatus.ACTIVE, written, events, [Received(NOW, written, "us", "SM1")], told
    )
    why = {"consent": written, "goodbye": NOW, "seconds": 1.0, "against": written}
    messages = [ProofMessage(each, True, NOW, "us", written, "Sent", None, **why) for each in range(times)]
    return Proof(
        "+14155550134", "(415) 555-0134", ["+14155550134"], NOW, written, written, written, [written], [opt_in], opt_in,
        events, times, messages, times, [written], None,
    )  # fmt: skip


def pages(of: Proof, content: bytes = b"") -> list[str]:
    """Return the text of each page."""
    with pypdfium2.PdfDocument(io.BytesIO(pdf.render(of, lambda _: content))) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


@pytest.mark.slow
@given(st.text(max_size=300))
@settings(max_examples=60)
def test_whatever_was_written_is_printed(written: str) -> None:
    assert pages(proof(written))


@pytest.mark.slow
@pytest.mark.parametrize(
    "written", ["a" * 5000, "word " * 2000, "你" * 900, "\n" * 3000, "<b>&amp;</b><br/><font color='red'>" * 100]
)
def test_however_long_it_is(written: str) -> None:
    assert pages(proof(written))


def test_empty_lines_take_no_pages() -> None:
    assert len(pages(proof("a" + "\n \n" * 3000 + "b"))) < 3
    assert pdf._cut("a\n \n\nb") == "a\nb"


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("Zoë Núñez, Żaneta, Ольга, Αθηνά, Nguyễn", "Zoë Núñez, Żaneta, Ольга, Αθηνά, Nguyễn"),
        ("See you 👍🏽 🛑", "See you [thumbs up sign][emoji modifier fitzpatrick type-4] [octagonal sign]"),
        ("你好 שלום", "[U+4F60][U+597D] [U+05E9][U+05DC][U+05D5][U+05DD]"),
        ("a\u200db\ufe0f\x1b[31m", "ab[31m"),
    ],
)
def test_what_the_font_lacks_has_a_name(written: str, printed: str) -> None:
    assert pdf.printable(written) == printed


def test_every_page_says_which_it_is_and_tables_go_on() -> None:
    said = pages(proof("See you at nine", times=120))
    assert len(said) > 5
    assert [f"{number} of {len(said)}" in text for number, text in enumerate(said, 1)] == [True] * len(said)
    assert "".join(said).count("Consent, nearest goodbye") > 2, "the head of the table stands on each page"


def test_a_picture_is_shown_and_one_that_cant_be_is_named() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (600, 800), (0, 0, 200, 100)).save(out, "PNG")
    shown = pdf.render(proof("hello", image=PICTURE), lambda _: out.getvalue())
    with pypdfium2.PdfDocument(io.BytesIO(shown)) as document:
        (picture,) = [each for each in document[0].get_objects() if isinstance(each, pypdfium2.PdfImage)]
        left, bottom, right, top = picture.get_bounds()
        assert (top - bottom) / (right - left) == pytest.approx(800 / 600, rel=0.01)
    assert "The picture can’t be shown here; it is told/poster.png" in "".join(pages(proof("hello", image=PICTURE)))
    huge = File("image", 1, "told/huge.png", "image/png", "ab" * 32, 9000, 9000)
    assert "The picture is too large for this file" in "".join(pages(proof("hello", image=huge), out.getvalue()))


@pytest.mark.slow
def test_several_are_written_at_once() -> None:
    """ReportLab keeps fonts and styles for the whole process: no text of one may come into another."""
    names = ["Zoë Núñez", "Ольга", "Αθηνά", "Nguyễn"] * 4
    with ThreadPoolExecutor(len(names)) as threads:
        written = list(threads.map(lambda name: pdf.render(proof(name, times=20), lambda _: b""), names))
    for name, data in zip(names, written, strict=True):
        with pypdfium2.PdfDocument(io.BytesIO(data)) as document:
            said = "".join(page.get_textpage().get_text_bounded() for page in document)
        assert said.count(name) > 40
        assert not any(other in said for other in names if other != name)

"""The proof as a PDF. The only user of ReportLab, and of the font that it embeds."""

import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html import escape
from typing import Any

from fontpkg_noto_sans import ROOT as FONT
from PIL import Image as Pictures
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, Image, Paragraph, SimpleDocTemplate, Spacer, Table

from optin.consent import event_notes
from optin.proof.material import File, Proof, ProofEvent, ProofMessage, ProofOptIn, is_covered
from optin.proof.wording import from_goodbye, moment

Content = Callable[[File], bytes]
NAME = "Noto Sans"
INK, GREY, LINE, TINT, ACCENT = (HexColor(each) for each in ("#1c1f24", "#5d6673", "#d8dce2", "#f2f5f9", "#1d4ed8"))
MARGIN, PADDING = 18 * mm, 6
WIDTH = A4[0] - 2 * (MARGIN + PADDING)
_EMPTY_LINES = re.compile(r"\n\s*\n\s*")
_IN_A_NUMBER = re.compile(r"(?<=\)) (?=\d)")
LONGEST_CELL = 1200
MOST_PIXELS = 25_000_000
WITHOUT_GLYPH = (
    "Characters that this file’s font does not have are written by their name or number in brackets; proof.json has "
    "them as they are."
)


def render(proof: Proof, content: Content) -> bytes:
    """Return the PDF; `content` gives the bytes of the pictures that go with it."""
    out = io.BytesIO()
    title = f"Proof of consent: {proof.opt_in.name if proof.opt_in else proof.shown}"
    document = SimpleDocTemplate(
        out, pagesize=A4, title=title, author=proof.brand, creator="Optin",
        leftMargin=MARGIN, rightMargin=MARGIN, topMargin=16 * mm, bottomMargin=20 * mm,
    )  # fmt: skip
    _glyphs()
    document.build(list(_story(proof, content, title)), canvasmaker=_canvas(proof))
    return out.getvalue()


def printable(text: str) -> str:
    """Return a text with what the font lacks in brackets: emoji by their names, others by their numbers."""
    return "".join(each if each == "\n" else _shown(each) for each in text)


@cache
def _glyphs() -> frozenset[int]:
    """Register the font, once in a process, and return the characters that it has."""
    font = TTFont(NAME, str(FONT / "files" / "NotoSans[wdth,wght].ttf"))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


def _shown(character: str) -> str:
    kind = unicodedata.category(character)
    if kind in ("Cf", "Cc"):  # joiners, and what steers a terminal
        return ""
    if ord(character) in _glyphs():
        return character
    if kind == "Mn":
        return ""
    name = unicodedata.name(character, "").lower() if kind in ("So", "Sk", "Sm") else ""
    return f"[{name or f'U+{ord(character):04X}'}]"


def _style(size: float, colour: Any = INK, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        "", fontName=NAME, fontSize=size, leading=size * 1.42, textColor=colour, splitLongWords=1, **more
    )


TEXT, SMALL, LABEL = _style(9.5), _style(8.2), _style(8.2, GREY)
TITLE, VERDICT = _style(19, spaceAfter=5 * mm), _style(12.5, spaceAfter=2 * mm)
HEADING = _style(12.5, ACCENT, spaceBefore=7 * mm, spaceAfter=2.5 * mm)


def _text(text: str, style: ParagraphStyle = TEXT) -> Paragraph:
    whole = _IN_A_NUMBER.sub("\u00a0", escape(_EMPTY_LINES.sub("\n\n", printable(text))))
    return Paragraph(whole.replace("\n", "<br/>"), style)


def _heading(text: str) -> Iterator[Flowable]:
    yield CondPageBreak(45 * mm)
    yield _text(text, HEADING)


def _story(proof: Proof, content: Content, title: str) -> Iterator[Flowable]:
    yield _text(proof.brand, LABEL)
    yield _text(title, TITLE)
    yield _box([_text(proof.verdict, VERDICT), *(_text(each) for each in proof.besides)])
    yield Spacer(0, 3 * mm)
    made = f"Made {moment(proof.made_at)}{f' by {proof.made_by}' if proof.made_by else ''}."
    yield _text(f"{made} Phone number {proof.number}. All times are in UTC.", LABEL)
    if not proof.opt_in and len(proof.opt_ins) > 1:
        yield from _heading("Opt-ins")
        yield _table(["Opt-in", "Status", "In one sentence"], [_opt_in(each) for each in proof.opt_ins], (24, 34, 116))
    for opt_in in proof.about:
        yield from _told(opt_in, proof, content)
    yield from _heading(f"Events in the consent log ({proof.event_count:,})")
    yield from _events(proof)
    yield from _heading(f"Messages ({proof.message_count:,})")
    yield from _messages(proof)
    yield from _heading("What is not known")
    yield from (Paragraph(f"• {escape(printable(each))}", _INDENTED) for each in [*proof.unknown, WITHOUT_GLYPH])
    yield from _heading("How to check it")
    yield _text(_how(proof))


_INDENTED = _style(9.5, leftIndent=4 * mm, firstLineIndent=-4 * mm, spaceAfter=1.5 * mm)


def _how(proof: Proof) -> str:
    if proof.log is None:
        return "The consent log has not been signed yet, so there is nothing to check this against."
    return (
        "The ZIP of this proof has every event as it stands in the consent log, with the proof that it is there, and "
        "verify.py, which checks all of it with Python alone. The newest checkpoint of the log was signed on "
        f"{moment(proof.log.at)} with {proof.log.size:,} events. The log’s verifier key, which you should have from "
        f"elsewhere as well, is {proof.log.key}"
    )


def _opt_in(opt_in: ProofOptIn) -> list[Paragraph]:
    cells = (opt_in.name, opt_in.status.label, opt_in.verdict)
    return [_text(each, SMALL) for each in cells]


def _told(opt_in: ProofOptIn, proof: Proof, content: Content) -> Iterator[Flowable]:
    of = "" if proof.opt_in else f": {opt_in.name}, “{opt_in.keyword}”"
    if opt_in.texts:
        yield from _heading(f"As received{of}")
        for each in opt_in.texts:
            yield _box(
                [_text(_cut(each.body) or "(no text)"), _text(f"{moment(each.at)}, to {each.to}, {each.sid}", LABEL)]
            )
            yield Spacer(0, 1.5 * mm)
    yield from _heading(f"What they were told{of}")
    told = opt_in.told
    if told is None:
        yield _text("Nothing was recorded for the keyword at that time.", _style(9.5, GREY))
        return
    yield _text(told.text or "No text.")
    in_force = f"Version {told.version}, in force since {moment(told.since)}." if told.since else "As the import says."
    yield _text(f"{in_force} {told.url}", LABEL)
    if told.image:
        yield from _picture(told.image, content)
    if opt_in.evidence:
        yield _text(f"Evidence: {opt_in.evidence.name} in the ZIP (SHA-256 {opt_in.evidence.digest}).", LABEL)


def _picture(file: File, content: Content) -> Iterator[Flowable]:
    yield Spacer(0, 2 * mm)
    if file.width * file.height > MOST_PIXELS:
        yield _text(f"The picture is too large for this file; it is {file.name} in the ZIP.", LABEL)
        return
    try:
        with Pictures.open(io.BytesIO(content(file))) as opened:
            opened.thumbnail((1400, 1400))
            flat = io.BytesIO()
            opened.convert("RGB").save(flat, "JPEG", quality=85)
    except (OSError, ValueError):
        yield _text(f"The picture can’t be shown here; it is {file.name} in the ZIP.", LABEL)
        return
    scale = min(80 * mm / file.width, 95 * mm / file.height)
    yield Image(flat, file.width * scale, file.height * scale, hAlign="LEFT")
    yield Spacer(0, mm)
    yield _text(f"{file.name} in the ZIP, SHA-256 {file.digest}", LABEL)


def _events(proof: Proof) -> Iterator[Flowable]:
    if not proof.events:
        yield _text("None.", _style(9.5, GREY))
        return
    if len(proof.events) < proof.event_count:
        yield _text(f"The newest {len(proof.events):,}; all are in proof.json.", LABEL)
    rows = [_event(each, is_covered(each, proof.log)) for each in proof.events]
    yield _table(["When (UTC)", "What", "Text, source"], rows, (32, 46, 96))


def _event(event: ProofEvent, is_sealed: bool) -> list[Any]:
    keyword = f"\n“{event.keyword}”" if event.keyword else ""
    said = "Its text has been erased" if event.text is None else f"“{event.text}”" if event.text else ""
    source = f"{event.by.label}{f': {event.actor}' if event.actor else ''}"
    about = [source, *filter(None, (event_notes.in_words(event.detail), event.message_sid))]
    sealed = f"event {event.id}{'' if is_sealed else ', not sealed yet'}"
    cell = [_text(_cut(said), SMALL)] if said else []
    when = f"{event.when:%Y-%m-%d %H:%M:%S}"
    return [
        _text(when, SMALL),
        _text(f"{event.what.label}{keyword}", SMALL),
        [*cell, _text(" · ".join([*about, sealed]), LABEL)],
    ]


def _messages(proof: Proof) -> Iterator[Flowable]:
    if not proof.messages:
        yield _text("None.", _style(9.5, GREY))
        return
    if len(proof.messages) < proof.message_count:
        yield _text(f"The newest {len(proof.messages):,}, the newest first; all are in proof.json.", LABEL)
    rows = [_message(each) for each in proof.messages]
    yield _table(["When (UTC)", "Text", "Consent, nearest goodbye"], rows, (32, 76, 66))


def _message(message: ProofMessage) -> list[Any]:
    way = f"To them from {message.ours}" if message.is_out else f"From them to {message.ours}"
    near = from_goodbye(message.seconds, message.goodbye)
    said = [message.consent, near and f"Started {near}", message.against and f"Should not have gone: {message.against}"]
    return [
        _text(f"{message.at:%Y-%m-%d %H:%M:%S}", SMALL),
        [_text(_cut(message.text) or "(no text)", SMALL), _text(f"{way}, {message.status.lower()}", LABEL)],
        [_text(each, SMALL) for each in said if each],
    ]


def _cut(text: str) -> str:
    text = _EMPTY_LINES.sub("\n", printable(text))
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]} … (all of it is in proof.json)"


def _box(content: Sequence[Flowable]) -> Table:
    style = [
        ("BACKGROUND", (0, 0), (-1, -1), TINT), ("LINEBEFORE", (0, 0), (0, -1), 2.5, ACCENT),
        ("LEFTPADDING", (0, 0), (-1, -1), 4 * mm), ("TOPPADDING", (0, 0), (-1, -1), 2.5 * mm),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5 * mm),
    ]  # fmt: skip
    return Table([[list(content)]], colWidths=[WIDTH], style=style, splitInRow=1)


def _table(titles: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[int]) -> Table:
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 3 * mm),
    ]  # fmt: skip
    head = [_text(each, LABEL) for each in titles]
    return Table(
        [head, *rows],
        colWidths=[each * WIDTH / sum(widths) for each in widths],
        style=style,
        repeatRows=1,
        splitInRow=1,
    )


def _canvas(proof: Proof) -> type[Canvas]:
    """Return a canvas that writes the foot of each page once it is known how many there are."""
    foot = printable(f"{proof.opt_in.name if proof.opt_in else proof.shown} · made {moment(proof.made_at)}")

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            """Keep the page for later."""
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            """Write all pages, each with its foot."""
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                self.setFont(NAME, 8)
                self.setFillColor(GREY)
                self.drawString(MARGIN + PADDING, 11 * mm, foot)
                self.drawRightString(A4[0] - MARGIN - PADDING, 11 * mm, f"{number} of {len(self._pages)}")
                super().showPage()
            super().save()

    return Numbered

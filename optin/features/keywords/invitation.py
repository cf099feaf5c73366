"""The invitation to text a keyword to a number: a link and a QR code that open the phone's messages, filled in.

The only module that imports `segno`. Pure.
"""

from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote

import segno

from optin.reading.words import normalise

QUIET = 4  # modules of white around the code (ISO/IEC 18004, quiet zone)
PIXELS = 24  # a module of the PNG: about 900 pixels a side, sharp at 7 cm in print


@dataclass(frozen=True)
class Invitation:
    """What to text, as a poster shows it, and where to: a number in E.164 or a short code."""

    word: str
    address: str

    @property
    def link(self) -> str:
        """Return the link that opens a text: `sms:` with a body (RFC 5724).

        Android reads a body behind "?", iOS one behind "&"; "?&" is both, and the empty field between is none.
        """
        return f"sms:{self.address}?&body={quote(self.word, safe='')}"

    @property
    def code_text(self) -> str:
        """Return what the QR code says: SMSTO, which cameras of iOS and Android understand (ZXing, Barcode Contents).

        They do not all read the body of an `sms:` link.
        """
        return f"SMSTO:{self.address}:{self.word}"

    @property
    def svg(self) -> bytes:
        """Return the QR code as a drawing that is black on white in any colours around it."""
        return self._code("svg", scale=1, omitsize=True, light="#fff", svgclass=None, lineclass=None, title=self.title)

    @property
    def png(self) -> bytes:
        """Return the QR code as a picture."""
        return self._code("png", scale=PIXELS, light="#fff")

    @property
    def title(self) -> str:
        """Return what the code is, for those who do not see it."""
        return f"QR code: text {self.word} to {self.address}"

    def _code(self, kind: str, **options: object) -> bytes:
        out = BytesIO()
        code = segno.make_qr(self.code_text, error="q", encoding="utf-8")
        code.save(out, kind=kind, border=QUIET, **options)
        return out.getvalue()


def invite(word: str, address: str) -> Invitation:
    """Return the invitation to text a keyword; it stands in capitals where they are the same word."""
    capitals = word.upper()
    return Invitation(capitals if normalise(capitals) == normalise(word) else word, address)

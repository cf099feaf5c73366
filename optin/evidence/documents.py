"""Whether a file can be evidence of consent, by its content and not by its name: a picture or a PDF. Pure.

Nothing that a browser would run is taken: no web page and no drawing (SVG).
"""

from dataclasses import dataclass

from optin.evidence import pictures
from optin.refused import Refused

LARGEST = 10 * 2**20
"""Bytes: a photo of a telephone has some 4 MB, a scan of twenty pages no more."""
ACCEPTED = "application/pdf,image/png,image/jpeg,image/webp"
LONGEST_NAME = 120
PDF = "application/pdf"
_END_WITHIN = 1024


@dataclass(frozen=True)
class Document:
    """A file as it came; `media_type` is what it is, `name` what it was called."""

    data: bytes
    media_type: str
    name: str


def read(data: bytes, name: str) -> Document | Refused:
    """Return the file as evidence, refused where it is empty, too large, or neither a PDF nor a picture."""
    if not data:
        return Refused("This file is empty. Choose another one.")
    if len(data) > LARGEST:
        return Refused(
            f"The file is larger than {LARGEST // 2**20} MB. Scan it with fewer dots per inch or fewer pages."
        )
    picture = pictures.find(data)
    media_type = picture.media_type if picture else PDF if _is_pdf(data) else None
    if media_type is None:
        return Refused("This file is not a PDF, or a PNG, JPEG or WebP image. Choose another file.")
    return Document(data, media_type, name[-LONGEST_NAME:] or "evidence")


def _is_pdf(data: bytes) -> bool:
    """PDF (ISO 32000): it begins with the version, and the mark of its end stands in the last bytes."""
    return data.startswith(b"%PDF-") and b"%%EOF" in data[-_END_WITHIN:]

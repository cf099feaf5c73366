"""Whether a file is a picture, by its content and not by its name: PNG, JPEG or WebP, and how large. Pure.

No drawing (SVG) is taken: it may hold scripts.
"""

from dataclasses import dataclass
from struct import error as TooShort
from struct import unpack_from

from optin.refused import Refused

LARGEST = 2 * 1024 * 1024  # bytes
WIDEST = 10_000  # pixels a side
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_NO_FRAME = {0xC4, 0xC8, 0xCC}  # among the markers of a frame those that begin none (ITU-T T.81, table B.1)


@dataclass(frozen=True)
class Picture:
    """A picture as it came; `media_type` is what it is, width and height are in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


def read(data: bytes) -> Picture | Refused:
    """Return the picture in a file, refused when it is none that browsers show or is absurdly large."""
    if len(data) > LARGEST:
        return Refused("The image is larger than 2 MB. Choose a smaller one.")
    return find(data) or Refused("This file is not a PNG, JPEG or WebP image. Choose another file.")


def find(data: bytes) -> Picture | None:
    """Return the picture in a file of any size, None where there is none."""
    for media_type, measure in (("image/png", _png), ("image/jpeg", _jpeg), ("image/webp", _webp)):
        try:
            size = measure(data)
        except TooShort:
            size = None
        if size and all(0 < side <= WIDEST for side in size):
            return Picture(data, media_type, *size)
    return None


def _png(data: bytes) -> tuple[int, int] | None:
    """PNG (ISO/IEC 15948): the first chunk is IHDR and begins with both sides; the last is IEND."""
    if not data.startswith(_PNG) or b"IEND" not in data[-16:]:
        return None
    width, height = unpack_from(">II", data, 16)
    return width, height


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """JPEG (ITU-T T.81): segments from marker to marker, until one begins a frame and says its height and width."""
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while True:
        lead, marker, length = unpack_from(">BBH", data, at)
        if lead != 0xFF or length < 2:
            return None
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + length


def _webp(data: bytes) -> tuple[int, int] | None:
    """WebP (RFC 9649): a RIFF file whose first chunk is lossy (VP8), lossless (VP8L) or extended (VP8X)."""
    (size,) = unpack_from("<I", data, 4)
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or size + 8 > len(data):
        return None
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (bits,) = unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        (*_, low_w, high_w, low_h, high_h) = unpack_from("<HBHB", data, 24)
        return (low_w | high_w << 16) + 1, (low_h | high_h << 16) + 1
    return None

"""In which encoding a text file was saved: its mark, UTF-8, or the one whose accents stand where accents belong."""

import codecs
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from unicodedata import category

from charset_normalizer import from_bytes

from optin.spreadsheets import accents
from optin.spreadsheets.scan import Scan


@dataclass(frozen=True)
class Encoding:
    """One that can be chosen: `name` is Python's, `label` what people read."""

    name: str
    label: str


ENCODINGS = (
    Encoding("utf-8", "Unicode (UTF-8)"),
    Encoding("utf-16-le", "Unicode (UTF-16)"),
    Encoding("utf-16-be", "Unicode (UTF-16, big-endian)"),
    Encoding("cp1252", "Western European (Windows-1252, Latin-1)"),
    Encoding("mac_roman", "Western European (Mac)"),
    Encoding("cp850", "Western European (DOS)"),
    Encoding("cp1250", "Central European (Windows-1250)"),
    Encoding("cp1251", "Cyrillic (Windows-1251)"),
    Encoding("cp1253", "Greek (Windows-1253)"),
    Encoding("cp1254", "Turkish (Windows-1254)"),
    Encoding("cp1255", "Hebrew (Windows-1255)"),
    Encoding("cp1256", "Arabic (Windows-1256)"),
    Encoding("cp1257", "Baltic (Windows-1257)"),
    Encoding("cp1258", "Vietnamese (Windows-1258)"),
    Encoding("cp932", "Japanese (Shift JIS)"),
    Encoding("gb18030", "Chinese, simplified (GB 18030)"),
    Encoding("big5", "Chinese, traditional (Big5)"),
    Encoding("cp949", "Korean (Windows-949)"),
)
NAMES = frozenset(encoding.name for encoding in ENCODINGS)
_MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
_WESTERN = ("cp1252", "mac_roman", "cp850")
_OTHERS = [name for name in NAMES - {"cp1252"} if name.startswith(("cp125", "cp9", "gb", "big"))]
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")

_MOSTLY = 0.6


def guess(scan: Scan) -> str:
    """Return the name of the encoding that a file was most likely saved in; nobody can know, so it is always shown."""
    if marked := next((name for name, mark in _MARKS.items() if scan.head.startswith(mark)), ""):
        return marked
    if wide := _wide(scan.head[:4096]):
        return wide
    if scan.is_utf8 or _is_mostly_utf8(scan.odd):
        return "utf-8"
    fits = {name: accents.share(scan.odd.decode(name, "replace")) for name in _WESTERN}
    best = max(_WESTERN, key=lambda name: fits[name])
    if fits[best] >= _MOSTLY:
        return best
    match = from_bytes(scan.odd, cp_isolation=_OTHERS).best()
    return match.encoding if match and match.encoding in NAMES else best


def is_noise(scan: Scan, encoding: str) -> bool:
    """Tell whether a file read in this encoding is no text: more than a few of its signs are none."""
    signs = scan.head[:4096].decode(encoding, "ignore")
    return sum(category(sign) in ("Cc", "Cn", "Co") and sign not in "\0\t\r\n\f" for sign in signs) * 20 > len(signs)


def open_text(path: Path, encoding: str) -> TextIO:
    """Open a file without its mark. Line ends stay as they are; a byte that its encoding lacks stops nothing."""
    file = path.open("rb")
    mark = _MARKS.get(encoding, b"")
    if file.read(len(mark)) != mark:
        file.seek(0)
    return io.TextIOWrapper(file, encoding, errors="optin_western", newline="")


def _western(error: UnicodeError) -> tuple[str, int]:
    """Read bytes that are none of the encoding's as Windows-1252: files that were put together have two."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error("optin_western", _western)


def _wide(head: bytes) -> str:
    """Tell UTF-16 without a mark: every other byte of most texts is zero."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 5 < len(head):
        return ""
    if odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd else ""


def _is_mostly_utf8(odd: bytes) -> bool:
    within = sum(len(found) for found in _SEQUENCE.findall(odd))
    return within > 0.9 * len(_HIGH.findall(odd))

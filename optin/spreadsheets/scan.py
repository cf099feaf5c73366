"""One pass over the bytes of a text file, for what its beginning alone can't tell. Memory stays flat."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 20
"""No line of a table is as long as this."""
HEAD = 1 << 16
_LINES_OF_EACH = 40
_ENOUGH = 1 << 16
_ODD_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_LINE_END = re.compile(rb"[\r\n]")


@dataclass(frozen=True)
class Scan:
    """What is known of a file's bytes.

    `head` is its beginning; `odd` has lines from all over it that hold bytes beyond ASCII; `is_utf8` is about every
    byte; `endless` says that a line is longer than any of a table.
    """

    head: bytes
    odd: bytes
    is_utf8: bool
    endless: bool


def scan(path: Path) -> Scan:
    """Look at every byte of a file."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    head, odd, is_utf8, endless = b"", bytearray(), True, False
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            head = head or chunk[:HEAD]
            endless = endless or (len(chunk) == CHUNK and not _LINE_END.search(chunk))
            is_utf8 = is_utf8 and _decodes(decoder, chunk, last=False)
            if not chunk.isascii() and len(odd) < _ENOUGH:
                odd += _odd_lines(chunk)
    return Scan(head, bytes(odd), is_utf8 and _decodes(decoder, b"", last=True), endless)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, last: bool) -> bool:
    try:
        decoder.decode(chunk, last)
    except UnicodeDecodeError:
        return False
    return True


def _odd_lines(chunk: bytes) -> bytes:
    found = (match[0] for match, _ in zip(_ODD_LINE.finditer(chunk), range(_LINES_OF_EACH), strict=False))
    return b"".join(line[:1000] + b"\n" for line in found)

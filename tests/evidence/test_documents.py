"""What is taken as evidence of consent: by its content, whatever the name says."""

from io import BytesIO

import pytest
from PIL import Image

from optin.evidence import documents
from optin.evidence.documents import Document
from optin.refused import Refused

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
NOT_TAKEN = "This file is not a PDF, or a PNG, JPEG or WebP image."


def picture(kind: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_pictures_are_taken(kind: str) -> None:
    data = picture(kind)
    assert documents.read(data, "sheet.pdf") == Document(data, f"image/{kind.lower()}", "sheet.pdf")


def test_a_pdf_is_taken_and_a_long_name_loses_its_begin() -> None:
    assert documents.read(PDF, "a.svg") == Document(PDF, "application/pdf", "a.svg")
    named = documents.read(PDF, "x" * 200 + ".pdf")
    assert isinstance(named, Document)
    assert (len(named.name), named.name[-5:]) == (documents.LONGEST_NAME, "x.pdf")
    assert documents.read(PDF, "") == Document(PDF, "application/pdf", "evidence")


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<!doctype html><script>alert(1)</script>%PDF-1.7 %%EOF",
        b"\n" + PDF,
        PDF.removesuffix(b"%%EOF\n"),
        PDF + b"\0" * 2000,
        b"GIF89a" + b"\0" * 40,
        b"\0\0\0\x18ftypheic" + b"\0" * 40,
        b"PK\3\4" + b"\0" * 40,
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    refused = documents.read(data, "sheet.pdf")
    assert isinstance(refused, Refused)
    assert refused.sentence.startswith(NOT_TAKEN)


def test_what_is_empty_or_too_large_is_said() -> None:
    empty, large = documents.read(b"", "a.pdf"), documents.read(PDF + b"\0" * documents.LARGEST, "a.pdf")
    assert isinstance(empty, Refused)
    assert isinstance(large, Refused)
    assert "empty" in empty.sentence
    assert "larger than 10 MB" in large.sentence

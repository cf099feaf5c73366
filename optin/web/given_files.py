"""Files that users gave, on their way back to a browser: as what they are, and as nothing that runs."""

from flask import Response

from optin.models.evidence import GivenFile

STAYS_THE_SAME = "private, max-age=31536000, immutable"
ASKED_ANEW = "private, no-store"


def answer(file: GivenFile, caching: str, *, download_as: str = "") -> Response:
    """Answer with a file, to be shown, or with `download_as` to be saved under that name."""
    given = Response(file.data, mimetype=file.media_type)
    given.headers["Cache-Control"] = caching
    given.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    given.headers["X-Content-Type-Options"] = "nosniff"
    if download_as:
        given.headers.set("Content-Disposition", "attachment", filename=download_as)
    return given

"""Text from a form, as it is stored."""

from unicodedata import category


def clean(text: str | None) -> str:
    """Return a field's text without white space around it and without NUL, which PostgreSQL cannot keep.

    Nothing but invisible characters is no text: "".
    """
    stripped = (text or "").replace("\0", "").strip()
    return stripped if any(category(character)[0] not in "CZ" for character in stripped) else ""

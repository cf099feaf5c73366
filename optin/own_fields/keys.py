"""The name of a field of one's own in merge fields, and what it is called in forms, imports and the trail. Pure."""

from collections.abc import Collection

from optin.spreadsheets import guess
from optin.texts import merge_fields

LONGEST = 40
PREFIX = "own-"
"""A field of one's own is "own-" and its key among the fields of a person: no field of ours has a hyphen."""
TAKEN = frozenset({
    *merge_fields.FIELDS, "first_line", "keyword", "frequency", "code", "name", "mobile", "phone", "number", "email",
    "owner", "time_zone", "us_state", "notes", "kind", "id",
})  # fmt: skip
"""What our own merge fields are called, and what else a person has."""
LABELS = frozenset({
    "first name", "last name", "name", "mobile phone", "email", "company", "owner", "time zone", "notes", "consent",
    "added", "state (us)",
})  # fmt: skip
"""What our own fields and columns are called."""


def key_of(label: str, others: Collection[str]) -> str:
    """Return the key of a new field: its label in small letters with "_" between words, and a number if it is taken."""
    words = "_".join(guess.plain(label).split())[:LONGEST].strip("_") or "field"
    taken, key, number = TAKEN.union(others), words, 1
    while key in taken:
        number += 1
        key = f"{words[: LONGEST - 3]}_{number}"
    return key


def name_of(key: str) -> str:
    """Return what the field with a key is called among the fields of a person."""
    return f"{PREFIX}{key}"


def key_in(name: str) -> str:
    """Return the key in the name of a field of one's own, "" for any other field."""
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else ""

"""The canonical form of an event: the bytes that are a leaf of the tree (docs/consent-log.md).

An object of JSON as RFC 8785 writes it: the columns of the table by their names, in order of the alphabet, without
those that are NULL. A moment is a text in UTC with microseconds, such as "2026-11-27T07:05:30.123456Z".
"""

from collections.abc import Sequence
from json.encoder import encode_basestring

COLUMNS = (
    "actor_id",
    "at",
    "channel",
    "detail",
    "disclosure_id",
    "id",
    "keyword_id",
    "kind",
    "message_sid",
    "number_ref",
    "opt_in_id",
    "payload_hash",
    "provider_at",
    "source",
)
"""In order of the alphabet. A column that is added later must be one that may be NULL, so that older leaves stay."""
MOMENTS = frozenset({"at", "provider_at"})
_NAMED = tuple(f'"{name}":' for name in COLUMNS)


def canonical(values: Sequence[int | str | None]) -> bytes:
    """Return the leaf of an event from the values of `COLUMNS`, moments as texts."""
    parts = [
        name + (str(value) if isinstance(value, int) else encode_basestring(value))
        for name, value in zip(_NAMED, values, strict=True)
        if value is not None
    ]
    return f"{{{','.join(parts)}}}".encode("utf-8", "surrogatepass")

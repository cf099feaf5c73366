"""Record ids in addresses and forms: a number too large for the database names no record and is not our error."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1  # INTEGER of PostgreSQL
LARGEST_MESSAGE = 2**63 - 1  # its BIGINT; moved messages have ids below 0


class RecordId(IntegerConverter):
    """Matches `<int:…>` up to the largest id."""

    def __init__(self, map: Map, fixed_digits: int = 0, min: int | None = None, max: int | None = LARGEST) -> None:
        """Make the converter with werkzeug's arguments."""
        super().__init__(map, fixed_digits, min, max)


class MessageId(IntegerConverter):
    """Matches `<message:…>`, whose ids may be below 0."""

    def __init__(self, map: Map) -> None:
        """Make the converter with werkzeug's argument."""
        super().__init__(map, min=-LARGEST_MESSAGE, max=LARGEST_MESSAGE, signed=True)


def record_id(text: str) -> int:
    """Read a record's id from a query or a form (`type=` of `get`); raises ValueError for what can't be one."""
    return _id(text, 0, LARGEST)


def message_id(text: str) -> int:
    """Read a message's id likewise."""
    return _id(text, -LARGEST_MESSAGE, LARGEST_MESSAGE)


def init_app(app: Flask) -> None:
    """Use them for every `<int:…>` and `<message:…>`; before the routes are registered."""
    app.url_map.converters |= {"int": RecordId, "message": MessageId}


def _id(text: str, smallest: int, largest: int) -> int:
    number = int(text)
    if not smallest <= number <= largest:
        raise ValueError("no record has this id")
    return number

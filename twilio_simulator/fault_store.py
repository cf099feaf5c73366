"""The fault plan in force: kept, drawn from, and counted."""

import sqlite3

from twilio_simulator import faults, phones
from twilio_simulator.faults import Fault, FaultPlan
from twilio_simulator.store import Store


def plan(connection: sqlite3.Connection) -> FaultPlan:
    """Return the plan in force; until one was put in force, that of a faultless network."""
    kept = {row["name"]: row["value"] for row in connection.execute("SELECT name, value FROM plan")}
    return faults.read(kept) if kept else FaultPlan()


def keep(connection: sqlite3.Connection, new: FaultPlan) -> None:
    """Put a plan in force; draws and counts begin anew, so that the same plan strikes the same texts again."""
    for table in ("plan", "draws", "struck"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  (constants)
    if new != FaultPlan():
        connection.executemany("INSERT INTO plan VALUES (?, ?)", [(n, str(v)) for n, v in new.as_json().items()])
    phones.touch(connection)


def draw(store: Store, in_force: FaultPlan, phone: str) -> str:
    """Return the place of a phone's next text among its texts, "" while nothing can strike."""
    if not in_force.has_chances:
        return ""
    with store.write() as connection:
        return str(
            connection.execute(
                "INSERT INTO draws VALUES (?, 1) ON CONFLICT (phone) DO UPDATE SET n = n + 1 RETURNING n", [phone]
            ).fetchone()[0]
        )


def count_now(store: Store, fault: Fault) -> bool:
    """Count, in a transaction of its own, that a fault struck; return True."""
    with store.write() as connection:
        count(connection, fault)
    return True


def count(connection: sqlite3.Connection, fault: Fault) -> None:
    """Count that a fault struck, in the caller's transaction."""
    connection.execute("INSERT INTO struck VALUES (?, 1) ON CONFLICT (fault) DO UPDATE SET n = n + 1", [str(fault)])


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how often each fault has struck since the plan is in force."""
    return {row["fault"]: row["n"] for row in connection.execute("SELECT fault, n FROM struck")}

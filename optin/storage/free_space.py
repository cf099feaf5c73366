"""How much space is left on the disks that hold this machine's files, and whether that is too little."""

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from optin.config import Config

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Space:
    """The room left for what is kept in a folder; `free` is in bytes."""

    what: str
    folder: Path
    free: int


def measure(config: Config) -> list[Space]:
    """Return the room for the database and the queue, where they are files here, and for the instance folder.

    PostgreSQL does not tell how much room its own disk has: there only a write shows that it is full.
    """
    folders = {"instance": config.instance_path}
    for what, url in (("database", config.database_url), ("queue", config.queue_url)):
        if url.startswith("sqlite") and (what == "database" or url != config.database_url):
            folders[what] = Path(str(make_url(url).database)).parent
    return [Space(what, folder, free) for what, folder in folders.items() if (free := _free(folder)) is not None]


def too_little(config: Config) -> list[Space]:
    """Return where less than `OPTIN_DISK_ALARM_MB` is left, the fullest first, each disk once."""
    disks: dict[int, Space] = {}
    for space in measure(config):
        if space.free < config.disk_alarm_mb * MEGABYTE:
            disks.setdefault(os.stat(space.folder).st_dev, space)
    return sorted(disks.values(), key=lambda space: space.free)


def warning(config: Config) -> str:
    """Return what an admin has to know before a disk is full, "" while there is room."""
    found = too_little(config)
    if not found:
        return ""
    left = "no room" if found[0].free < MEGABYTE else f"only {found[0].free // MEGABYTE:,} MB"
    return (
        f"There is {left} left on the disk of {found[0].folder}. Free up space before it is full: "
        "a full disk stops Optin from receiving and sending texts."
    )


def _free(folder: Path) -> int | None:
    """Return the bytes that an ordinary user may still write, None where the folder is out of reach."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize

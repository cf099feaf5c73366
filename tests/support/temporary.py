"""Where a test run keeps its files: in memory where there is room, since SQLite waits for the disk at each commit."""

import os
import tempfile
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")
ROOM = 512 << 20
"""Bytes that must be free: a run of `--quick` has needed a quarter of it at once."""


def keep_files_in_memory() -> None:
    """Let `tempfile`, pytest and all processes of this run write to memory, unless TMPDIR says where."""
    if "TMPDIR" not in os.environ and has_room(MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def has_room(folder: Path) -> bool:
    """Tell whether a folder in memory can take the files of a run, and programs may be started from it."""
    if not os.access(folder, os.W_OK):
        return False
    disk = os.statvfs(folder)
    free = min(disk.f_bavail * disk.f_frsize, psutil.virtual_memory().available)
    return free > ROOM and not disk.f_flag & os.ST_NOEXEC

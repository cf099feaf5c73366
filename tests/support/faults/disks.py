"""A disk that is really full: a small file system of its own, or where none may be mounted a limit on file sizes."""

import ctypes
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

BLOCKS = (1 << 20, 1 << 12, 1)
READ_ONLY, REMOUNT = 1, 32  # MS_RDONLY, MS_REMOUNT
LET_GO = 2  # MNT_DETACH: what still has a file open there keeps it, the folder is free


class Disk:
    """A folder whose disk can be filled and freed."""

    def __init__(self, folder: Path, *, mounted: bool) -> None:
        self.folder, self.mounted = folder, mounted
        self._limited: list[tuple[int, tuple[int, int]]] = []

    def fill(self, *processes: int) -> None:
        """Let nothing be stored any more. Without a disk of its own: by these processes, and those they started."""
        if not self.mounted:
            self._limit(processes)
            return
        with (self.folder / "filler").open("ab", buffering=0) as filler:
            for size in BLOCKS:
                try:
                    while True:
                        filler.write(b"\0" * size)
                except OSError:
                    continue

    def free(self) -> None:
        """Take back `fill`."""
        (self.folder / "filler").unlink(missing_ok=True)
        while self._limited:
            process, before = self._limited.pop()
            if psutil.pid_exists(process):
                resource.prlimit(process, resource.RLIMIT_FSIZE, before)

    def limit(self) -> None:
        """Let a process that is about to begin store nothing; where the disk itself is full nothing is to be done."""
        if not self.mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    def says_so(self, words: str) -> bool:
        """Tell whether the words name what `fill` does: a full disk, or else an error of the system."""
        return ("full" in words or "No space left" in words) if self.mounted else bool(words)

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let the folder only be read: its disk, or else its rights, which hold for all but root."""
        if self.mounted:
            _remount(self.folder, READ_ONLY)
        else:
            self.folder.chmod(0o555)
        try:
            yield
        finally:
            if self.mounted:
                _remount(self.folder, 0)
            else:
                self.folder.chmod(0o755)

    def _limit(self, processes: tuple[int, ...]) -> None:
        children = [child.pid for each in processes for child in psutil.Process(each).children(recursive=True)]
        for process in {*processes, *children}:
            hard = resource.prlimit(process, resource.RLIMIT_FSIZE)[1]
            self._limited.append((process, resource.prlimit(process, resource.RLIMIT_FSIZE, (1, hard))))


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """Give a disk of so many megabytes in `folder`; it is gone at the end, whatever happened."""
    folder.mkdir()
    mounted = _mount(folder, megabytes)
    disk = Disk(folder, mounted=mounted)
    try:
        yield disk
    finally:
        disk.free()
        if mounted:
            _libc().umount2(os.fsencode(folder), LET_GO)


def _mount(folder: Path, megabytes: int) -> bool:
    """Mount a file system in memory, which only root may; tell whether it could be done."""
    options = f"size={megabytes}m,mode=755".encode()
    return _libc().mount(b"tmpfs", os.fsencode(folder), b"tmpfs", ctypes.c_ulong(0), options) == 0


def _remount(folder: Path, flags: int) -> None:
    failed = _libc().mount(b"tmpfs", os.fsencode(folder), b"tmpfs", ctypes.c_ulong(REMOUNT | flags), None)
    assert not failed, os.strerror(ctypes.get_errno())


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)

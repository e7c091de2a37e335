"""Who does what, on a shared file system that need not know locks.

A process that holds leases has a heartbeat file, whose time of change a thread renews. A lease is a hard link to it, or
where links are unknown a file that is created exclusively: either way the file system lets one process win. A lease is
over when it is released, when its process is known to be gone, or when its heart has not beaten for `EXPIRY` seconds,
by the clock of the file system.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import uuid
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from harness.core.errors import CannotWrite
from harness.system.processes import is_dead, tag
from harness.system.regular import read_regular
from harness.system.sealed import remove

FOLDER = ".leases"
HEARTBEAT = "@"  # first character of a heartbeat file's name
NOBODY = "nobody-"  # holder of what is no lease, such as a folder or a pipe in its place
LONGEST = 4096  # bytes of a lease
RENEWAL = 5.0  # seconds
EXPIRY = 60.0  # seconds without a beat


class Leases:
    """The leases below one folder, as one process sees and holds them."""

    def __init__(self, root: Path) -> None:
        self.folder = root / FOLDER
        self.me = f"{tag()}-{uuid.uuid4().hex[:6]}"
        self.heartbeat = self.folder / (HEARTBEAT + self.me)
        self._held: set[str] = set()
        self._stopped: threading.Event | None = None

    def acquire(self, name: str) -> bool:
        """Take a lease, also over from a process that is gone. False: somebody else holds it.

        Raises:
            CannotWrite: the folder cannot be written.
        """
        try:
            self._start_heartbeat()
            for _ in range(2):
                if self._create(self.folder / name):
                    self._held.add(name)
                    return True
                if not self._break(name):
                    return False
        except OSError as error:
            raise CannotWrite(f"cannot write leases to {self.folder}: {error.strerror or error}") from error
        return False

    def release(self, name: str) -> None:
        """Give a lease back, if it still is ours. With the last one the heart stops: then a kill leaves nothing."""
        self._held.discard(name)
        if self._holder(name) == self.me:
            with suppress(OSError):
                (self.folder / name).unlink()
        if not self._held:
            self._stop_heartbeat()

    def held(self, name: str) -> bool:
        """Return whether a living process holds this lease."""
        holder = self._holder(name)
        return holder is not None and self._is_alive(holder, name)

    def live(self) -> set[str]:
        """Return the names of all leases that a living process holds."""
        names = [path.name for path in _files(self.folder) if not path.name.startswith(HEARTBEAT)]
        return {name for name in names if self.held(name)}

    def sweep(self) -> None:
        """Remove the leases and heartbeats of processes that are gone."""
        with suppress(OSError):
            for path in _files(self.folder):
                if not path.name.startswith(HEARTBEAT):
                    self._break(path.name)
            for path in _files(self.folder):
                if path.name.startswith(HEARTBEAT) and not self._is_alive(path.name[1:], path.name):
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Give everything back."""
        for name in list(self._held):
            self.release(name)
        self._stop_heartbeat()

    def _start_heartbeat(self) -> None:
        """Start the thread that renews leases; or go on, if the folder was removed meanwhile."""
        if not self.heartbeat.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_whole(self.heartbeat, self.me)
        if self._stopped is not None:
            return
        self._stopped = threading.Event()
        threading.Thread(
            target=self._renew,
            args=(self._stopped,),
            daemon=True,
        ).start()

    def _stop_heartbeat(self) -> None:
        """End the thread that renews leases."""
        if self._stopped is not None:
            self._stopped.set()
            self._stopped = None
            with suppress(OSError):
                self.heartbeat.unlink()

    def _renew(self, stopped: threading.Event) -> None:
        while not stopped.wait(RENEWAL):
            with suppress(OSError):
                os.utime(self.heartbeat)

    def _create(self, path: Path) -> bool:
        try:
            os.link(self.heartbeat, path)
        except FileExistsError:
            return False
        except OSError:  # no hard links here
            try:
                _write_whole(path, self.me)
            except FileExistsError:
                return False
        return True

    def _holder(self, name: str) -> str | None:
        try:
            return read_regular(self.folder / name, LONGEST).decode()
        except FileNotFoundError:
            return NOBODY if (self.folder / name).is_symlink() else None
        except (OSError, UnicodeDecodeError):
            return NOBODY

    def _is_alive(self, holder: str, name: str) -> bool:
        """Return whether a holder lives. One that has not written its name yet is given as long as any other."""
        if is_dead(holder.rpartition("-")[0]):
            return False
        place = self.folder / (HEARTBEAT + holder if holder else name)
        try:
            return self._now() - _changed(place) < EXPIRY
        except OSError:
            return False

    def _now(self) -> float:
        """Return the time by the clock of the file system, which may differ from that of this machine."""
        try:
            os.utime(self.heartbeat)
            return self.heartbeat.stat().st_mtime
        except OSError:
            return time.time()  # we hold nothing, and only look

    def _break(self, name: str) -> bool:
        """Remove a lease whose holder is gone. Only one process at a time may, or it might remove a new one."""
        holder = self._holder(name)
        if holder is None:
            return True  # it was released just now
        if self._is_alive(holder, name):
            return False
        guard = self.folder / f"{HEARTBEAT}{name}.guard"
        try:
            guard.open("x").close()
        except FileExistsError:
            if not self._is_alive("", guard.name):
                guard.unlink(missing_ok=True)  # whoever made it was killed; the next try finds none
            return False
        try:
            if self._holder(name) == holder:
                remove(self.folder / name)
        finally:
            guard.unlink(missing_ok=True)
        return True


@lru_cache
def leases_in(root: Path) -> Leases:
    """Return the leases that this process holds below a folder, given back when it ends."""
    leases = Leases(root)
    atexit.register(leases.close)
    return leases


def _write_whole(path: Path, text: str) -> None:
    """Create a file that must not be there yet. On a full disk none is left, not an empty one."""
    with path.open("x", encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise


def _changed(path: Path) -> float:
    """Return when a file was changed.
    It is opened, since a network file system answers for an open file with fresh facts.
    """
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_mtime


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []

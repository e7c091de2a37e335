"""Name a process so that another one, perhaps on another machine, can tell whether it is gone."""

from __future__ import annotations

import hashlib
import os
import socket
from functools import lru_cache
from pathlib import Path


def tag() -> str:
    """Return `machine-pid-start` of this process."""
    return f"{machine()}-{os.getpid()}-{_start(os.getpid())}"


def is_dead(name: str) -> bool:
    """Return whether the process of that tag ran here and is gone. Of other machines nothing is known: False."""
    where, _, rest = name.partition("-")
    pid, _, start = rest.partition("-")
    if where != machine() or not (pid.isdigit() and start.isdigit()):
        return False
    return not _alive(int(pid)) or _start(int(pid)) != int(start)


@lru_cache
def machine() -> str:
    """Name this machine since it was started, or this container: where a process number means one process."""
    facts = [socket.gethostname()]
    boot, space = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    facts += [boot.read_text()] if boot.exists() else []
    facts += [str(space.readlink())] if space.exists() else []
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:8]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # signal 0 only asks
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True  # somebody else's
    return True


def _start(pid: int) -> int:
    """Return when a process was started, in clock ticks, by which two processes of one number differ;
    0 where unknown.
    """
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0

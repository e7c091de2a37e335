"""Whether Ray can start or be reached, asked before it is imported: it takes seconds, and some tries take minutes."""

from __future__ import annotations

import os
import re
import socket
import tempfile
from pathlib import Path

from harness.core.errors import HarnessError
from harness.planning.cluster import Cluster

LONGEST_SOCKET = 107  # bytes of the path of a socket
SOCKET = "ray/session_2000-01-01_00-00-00_000000_4194304/sockets/plasma_store"
SECONDS = 3.0  # for an answer
ELSEWHERE = ("192.0.2.1", 9)  # nobody's: only the way there is asked for, and nothing is sent
ADDRESS = re.compile(r"(?:\w+://)?(?P<host>\[?[\w.:-]+?\]?):(?P<port>\d{1,5})(?:/.*)?")


def check_ray(cluster: Cluster) -> None:
    """Look for what is known to keep Ray from starting, or a driver from reaching it.

    Raises:
        HarnessError: it says why, and how to go on.
    """
    address = address_of(cluster)
    if address:
        _check_reached(address)
        return
    try:
        _check_folder()
        _check_network()
    except HarnessError as error:
        raise cannot_start(error) from error


def address_of(cluster: Cluster) -> str:
    """Return where the Ray of a run is; empty where it starts one of its own."""
    address = cluster.address or os.environ.get("RAY_ADDRESS") or ""
    return "" if address == "local" else address


def cannot_start(reason: object) -> HarnessError:
    """Return the error of a Ray that does not start."""
    return HarnessError(f"Ray cannot start on this machine ({reason}); run without it: --executor inline")


def _check_reached(address: str) -> None:
    if address == "auto":
        return
    found = ADDRESS.fullmatch(address)
    if not found:
        raise HarnessError(f"no Ray at {address}: an address is `auto`, `ray://HOST:PORT` or `HOST:PORT`")
    try:
        with socket.create_connection((found["host"].strip("[]"), int(found["port"])), timeout=SECONDS):
            return
    except (OSError, OverflowError) as error:
        raise HarnessError(f"no Ray at {address}: {error}; does it run (`ray status`)?") from error


def _own_address() -> str:
    """Return the address by which others reach this machine, as Ray finds it."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            asked.connect(ELSEWHERE)
            return str(asked.getsockname()[0])
    except OSError:
        return "127.0.0.1"


def _check_folder() -> None:
    """Look at the folder for its files. Raises: HarnessError if it cannot be used."""
    name = "RAY_TMPDIR" if os.environ.get("RAY_TMPDIR") else "TMPDIR"
    folder = Path(os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or tempfile.gettempdir())
    length = len(os.fsencode(folder.absolute() / SOCKET))
    if length > LONGEST_SOCKET:
        most = LONGEST_SOCKET - (length - len(os.fsencode(folder.absolute())))
        raise HarnessError(f"the path of {name} is too long for its sockets, at most {most} bytes: {folder}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise HarnessError(f"{name} {folder} cannot be written: {error.strerror}") from error


def _check_network() -> None:
    """Send a byte from this machine to itself. Raises: HarnessError where that does not work."""
    address = _own_address()
    try:
        with (
            socket.create_server((address, 0)) as server,
            socket.create_connection(server.getsockname()[:2], timeout=SECONDS) as sender,
        ):
            sender.sendall(b".")
    except OSError as error:
        raise HarnessError(f"this machine cannot reach itself at {address}: {error.strerror or error}") from error

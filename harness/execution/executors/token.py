"""The token by which Ray tells its own drivers and workers from everybody else's.

Ray's ports are open on every interface of a machine, so whoever reads the token can run code as its owner.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from harness.system.processes import is_dead, tag

MODE, TOKEN, TOKEN_PATH = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"
FOLDER = "harness-ray-"  # of a token of our own, before the name of its driver
BYTES = 32
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def own_token() -> Iterator[None]:
    """Let a session that starts in the block have a token of its own, in a file that only its owner reads.

    Raises:
        OSError: there is no place for it.
    """
    place = Path(tempfile.gettempdir())
    _sweep(place)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=f"{FOLDER}{tag()}-", dir=place))
        file = Path(folder) / "token"
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as written:
            written.write(secrets.token_hex(BYTES))
        stack.enter_context(_environment({MODE: "token", TOKEN_PATH: str(file), TOKEN: None}))
        yield


@contextmanager
def found_token() -> Iterator[None]:
    """Let a driver that connects in the block show the user's token, if there is one and nothing says otherwise."""
    asked = MODE in os.environ or not (os.environ.get(TOKEN) or token_file().is_file())
    with _environment({} if asked else {MODE: "token"}):
        yield


def token_file() -> Path:
    """Return where Ray looks for the user's token."""
    return Path(os.environ.get(TOKEN_PATH) or Path.home() / ".ray" / "auth_token")


def readable_by_others(file: Path) -> bool:
    """Return whether others than the owner of a file may read or write it."""
    try:
        return bool(file.stat().st_mode & OTHERS)
    except OSError:
        return False


@contextmanager
def _environment(values: Mapping[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    try:
        _set(values)
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    """Set variables, and let Ray read them anew: it keeps what it has read once."""
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    raylet: Any = import_module("ray._raylet")
    if values and hasattr(raylet, "AuthenticationTokenLoader"):  # not of a Ray that knows no tokens
        raylet.Config.initialize("")
        raylet.AuthenticationTokenLoader.instance().reset_cache()


def _sweep(place: Path) -> None:
    """Remove the tokens of drivers that were killed."""
    for folder in place.glob(f"{FOLDER}*"):
        owner = folder.name.removeprefix(FOLDER).rpartition("-")[0]
        with suppress(OSError):
            if is_dead(owner):
                (folder / "token").unlink(missing_ok=True)
                folder.rmdir()

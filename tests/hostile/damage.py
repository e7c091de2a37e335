"""Ways to damage a file that the harness reads again, each a function of the file's path."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile.entry import Prepare

Harm = Callable[[Path], object]


def to_first(pattern: str, harm: Harm) -> Prepare:
    """Damage the first file that fits a pattern; what is prepared for nothing is an error of the table."""

    def prepare(folder: Path) -> None:
        harm(sorted(folder.glob(pattern))[0])

    return prepare


def to_all(pattern: str, harm: Harm) -> Prepare:
    def prepare(folder: Path) -> None:
        for path in sorted(folder.glob(pattern)) or [folder / "nothing fits" / pattern]:
            harm(path)

    return prepare


def content(data: bytes | str) -> Harm:
    return lambda path: path.write_bytes(data.encode() if isinstance(data, str) else data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def cut_by_one(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def flipped(path: Path) -> None:
    """Turn one bit in the middle round."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def giant(path: Path) -> None:
    """Make it 1 TB of nothing, which takes no room on the disk."""
    path.unlink(missing_ok=True)
    with path.open("wb") as file:
        file.truncate(1024**4)


def removed(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def pipe(path: Path) -> None:
    removed(path)
    os.mkfifo(path)


def folder(path: Path) -> None:
    removed(path)
    (path / "inside").mkdir(parents=True)


def bound_socket(path: Path) -> None:
    """Leave a socket there; its name is bound from within its folder, since it may be 100 characters at most."""
    removed(path)
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def link(target: str) -> Harm:
    def harm(path: Path) -> None:
        removed(path)
        path.symlink_to(target)

    return harm


def circle(path: Path) -> None:
    removed(path)
    path.symlink_to(path.name)


class Payload:
    """What leaves a file behind when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch ran-code",)


PICKLED = pickle.dumps(Payload())


def no_code(place: Path) -> str:
    return "code of a file was run" if (place / "ran-code").exists() else ""


def zipped(path: Path) -> None:
    removed(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data", b"x")


def edited(place: str, value: object) -> Harm:
    """Set a value of a JSON file, named as `a.b`."""

    def harm(path: Path) -> None:
        data = json.loads(path.read_text())
        inside = data
        *outer, last = place.split(".")
        for name in outer:
            inside = inside[name]
        inside[last] = value
        path.write_text(json.dumps(data))

    return harm


def without(name: str) -> Harm:
    def harm(path: Path) -> None:
        data = json.loads(path.read_text())
        del data[name]
        path.write_text(json.dumps(data))

    return harm


NESTED = "[" * 100_000 + "]" * 100_000
DEEP_OBJECT = '{"schema": 1, "x": ' * 5_000 + "1" + "}" * 5_000

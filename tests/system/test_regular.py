"""Files are looked at before they are read."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.system.regular import check_regular, open_regular, read_regular

ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder": (lambda path: path.mkdir(), "a folder"),
    "pipe": (lambda path: os.mkfifo(path), "a named pipe"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "a device"),
    "giant": (lambda path: path.write_bytes(bytes(101)), "101 bytes, of which 100 are read at most"),
    "circle": (lambda path: path.symlink_to(path.name), "symbolic links"),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_file_of_that_size_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    make, told = ODD[kind]
    make(tmp_path / "x")
    for look in (check_regular, open_regular, read_regular):
        with pytest.raises(OSError, match=told):
            look(tmp_path / "x", 100)


def test_a_socket_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("x")
        with pytest.raises(OSError, match="a socket"):
            read_regular("x", 100)


@pytest.mark.parametrize("size", [0, 1, 4096, 10_000])
def test_a_file_is_read_whole(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "x").write_bytes(content)
    (tmp_path / "link").symlink_to("x")
    assert read_regular(tmp_path / "x", size) == read_regular(tmp_path / "link", 10**12) == content


def test_what_is_not_there_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "x", 1)

"""Entries of caches carry a checksum of their content and of what they are of."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import CannotWrite
from harness.system import sealed
from harness.system.sealed import Damaged, check_seal, looks_sealed, read_sealed, seal, tell_damaged, write_sealed


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    write_sealed(path, b"content", "of this")
    assert read_sealed(path, "of this") == b"content"
    assert looks_sealed(path)
    assert [file.name for file in path.parent.iterdir()] == ["b"]


@given(content=st.binary(max_size=50), place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_any_bit_that_turns_round_is_found(content: bytes, place: int, bit: int) -> None:
    entry = bytearray(content + seal(content, "x"))
    assert check_seal(memoryview(entry), "x") == len(content)
    entry[place % len(entry)] ^= 1 << bit
    with pytest.raises(Damaged):
        check_seal(memoryview(entry), "x")


@given(content=st.binary(max_size=50), kept=st.integers(0, 60))
def test_what_was_cut_is_found(content: bytes, kept: int) -> None:
    entry = content + seal(content, "x")
    with pytest.raises(Damaged, match=r"checksum"):
        check_seal(memoryview(entry[: min(kept, len(entry) - 1)]), "x")


def test_an_entry_in_the_place_of_another_is_found(tmp_path: Path) -> None:
    write_sealed(tmp_path / "x", b"content", "of this")
    with pytest.raises(Damaged, match="not that of its content and its place"):
        read_sealed(tmp_path / "x", "of that")


def test_what_stands_in_the_way_is_removed(tmp_path: Path) -> None:
    (tmp_path / "folder" / "x" / "inside").mkdir(parents=True)
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "link").symlink_to("/dev/null")
    for path in (tmp_path / "folder" / "x", tmp_path / "file" / "x", tmp_path / "link"):
        write_sealed(path, b"content", "x")
        assert read_sealed(path, "x") == b"content"
        assert not path.is_symlink()


def test_what_cannot_be_written_is_said_at_once() -> None:
    with pytest.raises(CannotWrite):
        write_sealed(Path("/proc/nowhere/x"), b"content", "x")


def test_a_folder_that_is_removed_meanwhile_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = sealed.write_atomically, []

    def once_too_late(path: Path, write: object) -> None:
        calls.append(path)
        if len(calls) == 1:
            raise CannotWrite("gone") from FileNotFoundError()
        real(path, write)  # type: ignore[arg-type]

    monkeypatch.setattr(sealed, "write_atomically", once_too_late)
    write_sealed(tmp_path / "x", b"content", "x")
    assert len(calls) == 2
    assert read_sealed(tmp_path / "x", "x") == b"content"


def test_damage_is_told_where_jobs_and_runs_listen(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "harness.cache"):
        tell_damaged(Path("some/entry"), Damaged("cut short"), "it is made again")
    assert caplog.messages == ["some/entry: not used (cut short); it is made again"]

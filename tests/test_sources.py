"""The hash of a plugin's source."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from harness.registry import import_file
from harness.sources import source_sha256


def load(path: Path, source: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    return source_sha256(import_file(path))


@pytest.fixture(autouse=True)
def forget_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


def test_a_file_is_hashed_with_its_name(tmp_path: Path) -> None:
    expected = hashlib.sha256(b"one.py\0X = 1\n").hexdigest()
    assert load(tmp_path / "one.py", "X = 1\n") == expected


def test_the_folder_it_lies_in_does_not_matter(tmp_path: Path) -> None:
    assert load(tmp_path / "a" / "one.py", "X = 1\n") == load(tmp_path / "b" / "one.py", "X = 1\n")


def test_every_changed_byte_shows(tmp_path: Path) -> None:
    assert load(tmp_path / "one.py", "X = 1\n") != load(tmp_path / "one.py", "X = 2\n")


def test_a_folder_is_hashed_whole(tmp_path: Path) -> None:
    before = load(tmp_path / "kit" / "__init__.py", "")
    (tmp_path / "kit" / "deep").mkdir()
    (tmp_path / "kit" / "deep" / "model.py").write_text("X = 1\n")
    after = load(tmp_path / "kit" / "__init__.py", "")
    (tmp_path / "kit" / "notes.txt").write_text("no source")
    assert before != after
    assert load(tmp_path / "kit" / "__init__.py", "") == after


def test_a_plugin_object_is_hashed_by_the_file_of_its_class() -> None:
    class Tracker:
        pass

    assert source_sha256(Tracker()) == source_sha256(sys.modules[__name__])


def test_what_has_no_file_has_no_hash() -> None:
    assert source_sha256(object()) == ""

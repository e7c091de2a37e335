"""Replicas of the demo: written once, and never among data that are somebody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.planning import demo_data
from harness.planning.demo_data import write_demo

MARKER = "DEMO.json"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Folders that replicas are written to, which takes a moment here."""
    folders: list[str] = []

    def write(spec: object, folder: Path, progress: object) -> None:
        folder.mkdir(parents=True)
        (folder / MARKER).write_text("{}")
        folders.append(folder.name)

    monkeypatch.setattr(demo_data, "_write", write)
    return folders


def test_what_is_there_is_not_written_again(tmp_path: Path, written: list[str]) -> None:
    said: list[str] = []
    for names in (["dfew"], ["dfew", "mafw"], ["dfew", "mafw"]):
        found = write_demo(tmp_path, names, lambda *_: None, said.append)
        assert found == [tmp_path / name.upper() for name in names]
    assert written == ["DFEW", "MAFW"]
    assert said == [f"writing the synthetic replica of {name}" for name in ("dfew", "mafw")]


def test_nothing_is_written_where_one_folder_holds_data(tmp_path: Path, written: list[str]) -> None:
    (tmp_path / "MAFW").mkdir()
    (tmp_path / "MAFW" / "clips").mkdir()
    with pytest.raises(HarnessError, match=r"MAFW holds data \(clips, \.\.\.\) but no DEMO\.json"):
        write_demo(tmp_path, ["dfew", "mafw"], lambda *_: None)
    assert written == []

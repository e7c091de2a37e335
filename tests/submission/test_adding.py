"""Results put into a store: all of them or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import CannotWrite
from harness.results.store import Store
from harness.submission.adding import add
from helpers.handed_in import plant
from helpers.planted import TestSet

ON = TestSet("dfew", "12345", clips=30)


def tree(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def test_a_failure_half_way_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path / "mine", "mine", 0.5, on=ON)
    plant(tmp_path / "store", "mine", 0.5, on=ON, folds="1", status="failed")
    store, before = Store(tmp_path / "store"), tree(tmp_path / "store")
    rename, moved = Path.rename, []

    def full(path: Path, target: Path) -> Path:
        if path.parent.name == ".drafts" and not path.name.endswith(".old"):
            moved.append(path)
            if len(moved) == 4:
                raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(CannotWrite, match="No space left on device; nothing was added"):
        add(store, list(Store(tmp_path / "mine").results()))
    assert tree(store.root) == before
    monkeypatch.undo()
    assert add(store, list(Store(tmp_path / "mine").results())) == 5
    assert {result["status"] for result in store.results()} == {"done"}
    assert list((store.root / ".drafts").iterdir()) == []
    assert add(store, list(Store(tmp_path / "mine").results())) == 0

"""A disk that is full while a run goes on: it is said, nothing is lost, and the same command goes on afterwards."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.core.errors import CannotWrite
from harness.results.store import Store
from helpers.bench import SHORT
from helpers.commands import Bench

METHODS: dict[str, Any] = {"methods": "linear,coop", "folds": "1", "set": {"coop": SHORT["coop"]}}


@pytest.fixture
def fill_up(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A shim: from now on nothing can be renamed to a place that holds this text."""

    def fill(text: str) -> pytest.MonkeyPatch:
        def refuse(self: Path, target: Any) -> Any:
            if text in str(target):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.replace(self, target)  # noqa: PTH105

        monkeypatch.setattr(Path, "rename", refuse)
        monkeypatch.setattr(Path, "replace", refuse)
        return monkeypatch

    return fill


@pytest.mark.parametrize("where", ["/coop/1-s1-", ".npy"])
def test_a_full_disk_ends_the_run_and_costs_no_job(toy_bench: Bench, fill_up: Any, tmp_path: Path, where: str) -> None:
    whole = toy_bench(**METHODS, out=tmp_path / "whole")
    shutil.rmtree(tmp_path / "cache")
    disk = fill_up(where)
    with pytest.raises(CannotWrite, match=r"(stored in|cannot write) .*No space left on device"):
        toy_bench(**METHODS)
    (kept,) = Store(tmp_path / "runs").results()
    assert (kept["method"], kept["status"]) == ("linear", "done")
    written = (Path(kept["path"]) / "result.json").stat().st_mtime_ns
    assert list((tmp_path / "runs" / ".drafts").iterdir()) == []
    disk.undo()
    resumed = toy_bench(**METHODS)
    assert (Path(kept["path"]) / "result.json").stat().st_mtime_ns == written  # not run again
    for one, two in zip(whole, resumed, strict=True):
        pd.testing.assert_frame_equal(whole.predictions(one), resumed.predictions(two), check_exact=True)


def test_a_checkpoint_that_does_not_fit_costs_no_result(toy_bench: Bench, fill_up: Any) -> None:
    fill_up(".pt")
    (result,) = toy_bench()
    assert result["status"] == "done"
    assert "no checkpoint of epoch 1: " in (Path(result["path"]) / "log.txt").read_text()

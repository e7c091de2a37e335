"""`harness analyze hard-clips` on planted results, which have neither weights nor data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.commands import Invoke
from helpers.planted import Planted, TestSet

CLIPS = 60


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two methods, two seeds; clips 0 to 9 are named wrongly by all, the second one names 10 to 19 wrongly, too."""
    planted, on = Planted(tmp_path / "runs"), TestSet("ferv39k", "1", clips=CLIPS)
    for method, wrong in (("a", 10), ("b", 20)):
        for seed in (1, 2):
            named = on.labels["1"].copy()
            named[:wrong] = (named[:wrong] + 1) % 7
            logits = np.full((CLIPS, 7), -1.0, dtype=np.float32)
            logits[np.arange(CLIPS), named] = 2.0
            planted.add(method, "1", seed, logits, on=on)
    return planted.root


def test_the_clips_that_all_miss_are_named_first(invoke: Invoke, runs: Path, tmp_path: Path) -> None:
    answer = invoke("analyze", "hard-clips", "--runs", runs, "--out", tmp_path / "out", "--set", "hard-clips.shown=12")
    assert answer.code == 0
    (file,) = (tmp_path / "out/hard-clips").glob("ferv39k-*.parquet")
    table = pd.read_parquet(file)
    assert len(table) == CLIPS
    assert set(table["sample_id"][:10]) == {f"1-{number:05d}" for number in range(10)}
    assert table["share"].value_counts().to_dict() == {1.0: 40, 0.5: 10, 0.0: 10}
    assert table["never"][:20].tolist() == [2] * 10 + [1] * 10
    page = file.with_suffix(".md").read_text()
    assert "10 of 60 clips are named rightly by no seed of 2 methods." in page
    assert f"Two methods name the same class for {50 / 60 * 100:.1f} % of clips." in page
    assert page.count("| 1 | 1-000") == 12


def test_rows_of_one_method_are_told_apart(invoke: Invoke, tmp_path: Path) -> None:
    planted, on = Planted(tmp_path / "runs"), TestSet("ferv39k", "1", clips=30)
    for tokens in (4, 8):
        planted.row("a", on=on, identity={"options": {"tokens": tokens}})
    shown = invoke("analyze", "hard-clips", "--out", tmp_path / "out").out
    assert "by no seed of 2 methods" in shown
    assert "a (ViT-B-32), settings 1" in shown
    assert "a (ViT-B-32), settings 2" in shown


def test_rows_without_a_common_clip_are_refused(invoke: Invoke, tmp_path: Path) -> None:
    planted, on = Planted(tmp_path / "runs"), TestSet(clips=20)
    planted.row("a", on=on, folds="1")
    planted.row("b", on=on, folds="2")
    answer = invoke("analyze", "hard-clips", "--out", tmp_path / "out")
    assert answer.code == 2
    assert "no test clip was predicted by every row" in answer.err

"""Which epoch is kept, and what may be looked at to choose it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.core.dataset_spec import Fold, Sample
from harness.jobs import phases
from harness.jobs.check_logits import CHECKED
from harness.training.batches import CachedFeatures
from helpers import bench

EPOCHS = 4
SETTINGS = {"coop": {"epochs": EPOCHS, "learning_rate": 0.05, "input.views": 1}}


def bench_with(
    root: Path, out: Path, selection: str, **flags: Any
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    given = bench.plan(root, out, "coop", set=SETTINGS, selection=selection, **flags)
    (result,) = bench.run(given)
    return result, bench.predictions(given)[0], bench.history(given)[0]


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """Whatever `fit` is handed."""
    seen: dict[str, list[Any]] = {"train": [], "monitor": []}
    fit = phases.train

    def spy(method: Any, train: Any, seed: int, device: Any, report: Any, monitor: Any, **more: Any) -> Any:
        seen["train"].append({sample.id for sample in train.samples})
        seen["monitor"].append(monitor)
        return fit(method, train, seed, device, report, monitor, **more)

    monkeypatch.setattr(phases, "train", spy)
    return seen


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[frozenset[str]]:
    """The clips whose features are looked up, batch by batch."""
    seen: list[frozenset[str]] = []
    batches = CachedFeatures.batches

    def spy(self: CachedFeatures, rows: Sequence[Sequence[int]], epoch: int, device: Any) -> Any:
        seen.append(frozenset(self.samples[row].id for batch in rows for row in batch))
        return batches(self, rows, epoch, device)

    monkeypatch.setattr(CachedFeatures, "batches", spy)
    return seen


def fold(root: Path, tmp_path: Path) -> Fold:
    return bench.toy(root, tmp_path / "cache").folds["1"]


def ids(samples: Sequence[Sample]) -> frozenset[str]:
    return frozenset(sample.id for sample in samples)


def again(part: Fold) -> list[frozenset[str]]:
    """The test clips that are predicted once more when all is done, to see that they get the same logits: some beside
    others, one alone, and some by the method built again from its weights.
    """
    ordered = sorted(sample.id for sample in part.test)
    beside = frozenset(ordered[i] for i in np.linspace(len(ordered) - 1, 0, CHECKED).astype(int))
    return [beside, frozenset(ordered[-1:]), frozenset(ordered[:CHECKED])]


def test_last_looks_at_nothing(
    toy_root: Path, toy_plugin: None, tmp_path: Path, spied: dict[str, list[Any]], watched: list[frozenset[str]]
) -> None:
    result, _, history = bench_with(toy_root, tmp_path / "runs", "last")
    part = fold(toy_root, tmp_path)
    assert spied == {"train": [ids(part.train)], "monitor": [None]}
    assert watched == [ids(part.train)] * EPOCHS + [ids(part.test), *again(part)]
    assert (result["epoch"], result["selection"]) == (EPOCHS, "last")
    assert "metrics_last" not in result
    assert not [name for name in history.columns if name.startswith("test_")]
    assert history[["val_war", "val_uar"]].isna().all().all()


def test_val_trains_on_less_and_looks_at_the_rest(
    toy_root: Path, toy_plugin: None, tmp_path: Path, spied: dict[str, list[Any]], watched: list[frozenset[str]]
) -> None:
    result, _, history = bench_with(toy_root, tmp_path / "runs", "val")
    part = fold(toy_root, tmp_path)
    (trained,) = map(frozenset, spied["train"])
    held = ids(part.train) - trained
    by_class = {label: max(i for i in ids(part.train) if int(i) % 3 == label) for label in range(3)}
    assert held == set(by_class.values())  # one in eight of a class, from the end, at least one
    assert watched == [trained, held] * EPOCHS + [ids(part.test), *again(part)]
    scores = list(zip(history["val_war"], history["val_uar"], strict=True))
    assert result["epoch"] == 1 + max(range(EPOCHS), key=lambda e: (scores[e], -e))
    assert not [name for name in history.columns if name.startswith("test_")]
    assert "metrics_last" not in result


def test_oracle_looks_at_the_test_part_and_says_so(
    toy_root: Path, toy_plugin: None, tmp_path: Path, spied: dict[str, list[Any]], watched: list[frozenset[str]]
) -> None:
    result, predictions, history = bench_with(toy_root, tmp_path / "runs", "oracle")
    part = fold(toy_root, tmp_path)
    assert spied["train"] == [ids(part.train)]
    assert watched == [ids(part.train), ids(part.test)] * EPOCHS + [ids(part.test), *again(part)]
    scores = list(zip(history["test_war"], history["test_uar"], strict=True))
    assert result["epoch"] == 1 + max(range(EPOCHS), key=lambda e: (scores[e], -e))
    assert result["metrics"]["war"] == pytest.approx(max(scores)[0])
    assert result["metrics"]["war"] == pytest.approx((predictions["label"] == predictions["prediction"]).mean())
    assert result["metrics_last"] == {"war": scores[-1][0], "uar": scores[-1][1]}
    assert result["protocol"]["selection"] == "oracle"


@pytest.mark.parametrize("selection", ["last", "val"])
def test_test_labels_change_no_prediction(selection: str, toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    _, before, _ = bench_with(toy_root, tmp_path / "a", selection)
    turn = {"left": "middle", "middle": "right", "right": "left"}
    labels = toy_root / "TOY" / "labels.txt"
    rows = [line.split() for line in labels.read_text().splitlines()]
    lines = [f"{i} {turn[word] if tested == '1' else word} {tested}" for i, word, tested in rows]
    labels.write_text("\n".join(lines) + "\n")
    _, after, _ = bench_with(toy_root, tmp_path / "b", selection)
    assert (before["label"].map(turn) == after["label"]).all()
    assert np.array_equal(bench.logits(before), bench.logits(after))


def test_the_rules_are_different_jobs_and_protocols(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    made = [bench.plan(toy_root, tmp_path / "runs", "coop", selection=s).jobs[0].job for s in ("last", "val", "oracle")]
    assert len({job.id for job in made}) == len({job.protocol.hash for job in made}) == 3

"""Shards: fixed batches of clips, so that a fold is a set of whole ones."""

from __future__ import annotations

from pathlib import Path

from harness.core.dataset_spec import DatasetSpec, Fold, Sample
from harness.data.dataset import open_dataset
from harness.features.shards import SHARD, shards_of
from helpers.toy import CLASSES, FOLDS


def test_a_shard_never_mixes_clips_tested_in_different_folds(tmp_path: Path) -> None:
    def many(root: Path, fold: str) -> Fold:
        parts: dict[bool, list[Sample]] = {True: [], False: []}
        for number in range(3 * SHARD):
            parts[str(1 + number % 2) == fold].append(Sample(f"{number:03d}", root / f"{number:03d}", number % 3))
        return Fold(train=parts[False], test=parts[True])

    (tmp_path / "d" / "MANY").mkdir(parents=True)
    spec = DatasetSpec("many", "1", "Many", "MANY", CLASSES, FOLDS, many)
    dataset = open_dataset(spec, tmp_path / "d" / "MANY", tmp_path / "cache")
    assert max(map(len, shards_of(dataset).batches)) == SHARD
    for fold in dataset.folds.values():
        tested = {s.id for s in fold.test}
        shards = shards_of(dataset).holding(fold.test)
        assert {s.id for shard in shards for s in shards_of(dataset).batches[shard]} == tested
    for sample_id, (shard, row) in shards_of(dataset).rows.items():
        assert shards_of(dataset).batches[shard][row].id == sample_id

"""A store of hand-made results: real `result.json` and `predictions.parquet` trees, no training."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.core.backbone_spec import BackboneId
from harness.core.dataset_spec import ClassLabel, DatasetSpec
from harness.core.digest import digest
from harness.core.frame_input import FrameInput
from harness.core.job import JobSpec, Protocol
from harness.results.store import SCHEMA, Store, write_json

CLASSES = ("anger", "happiness", "neutral")


def confusion(labels: Sequence[int], predicted: Sequence[int], classes: int) -> list[list[int]]:
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (np.asarray(labels), np.asarray(predicted)), 1)
    return [[int(n) for n in line] for line in counts]


def some_predictions(seed: int, n: int = 30, classes: int = len(CLASSES)) -> tuple[list[int], list[int]]:
    """Labels that cover every class, and predictions right about half of the time."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    predicted = np.where(rng.random(n) < 0.5, labels, rng.integers(0, classes, n))
    return labels.tolist(), predicted.tolist()


def bearing_out(war: int, uar: int) -> dict[str, Any]:
    """Scores in percent, and predictions of 1,000 clips in three classes that give them: both even, or both odd."""
    sizes, most = (600, 200, 200), 15 * war - 9 * uar  # hits of the first class, from its equations for WAR and UAR
    rest = 10 * war - most
    hits = (most, rest // 2, rest - rest // 2)
    labels = np.repeat(np.arange(3), sizes)
    right = np.concatenate([np.arange(size) < hit for size, hit in zip(sizes, hits, strict=True)])
    predicted = np.where(right, labels, (labels + 1) % 3)
    return {"predictions": (labels.tolist(), predicted.tolist()), "metrics": {"war": war / 100, "uar": uar / 100}}


def scores(counts: list[list[int]], classes: Sequence[str]) -> dict[str, float]:
    """WAR, UAR and recalls by the plainest loops, independent of the code under test."""
    recall = {name: counts[i][i] / sum(counts[i]) for i, name in enumerate(classes) if sum(counts[i])}
    f1 = [
        2 * counts[i][i] / (sum(counts[i]) + sum(line[i] for line in counts))
        for i in range(len(classes))
        if sum(counts[i])
    ]
    total = sum(map(sum, counts))
    war = sum(counts[i][i] for i in range(len(classes))) / total
    return {
        "war": war,
        "uar": sum(recall.values()) / len(recall),
        "macro_f1": sum(f1) / len(f1),
        **{f"recall.{name}": value for name, value in recall.items()},
    }


def make_result(
    *,
    dataset: str = "toyset",
    method: str = "coop",
    fold: str = "1",
    seed: int = 1,
    variant: str = "",
    options: Mapping[str, Any] | None = None,
    frames: int = 8,
    version: str = "1.0",
    source: str = "5" * 64,
    backbone: BackboneId | None = None,
    fingerprint: str = "f" * 64,
    protocol: Mapping[str, Any] | None = None,
    classes: tuple[str, ...] = CLASSES,
    predictions: tuple[list[int], list[int]] | None = None,
    **overrides: Any,
) -> dict[str, Any]:
    """A finished result; keywords beyond the identity replace what it would hold."""
    rule = {
        "dataset": dataset,
        "dataset_version": "1",
        "crop_source": "crops",
        "split_sha256": "a" * 64,
        "classes": classes,
        **(protocol or {}),
    }
    job = JobSpec(
        dataset=dataset,
        fingerprint=fingerprint,
        fold=fold,
        method=method,
        method_version=version,
        seed=seed,
        options=dict(options or {}),
        input=FrameInput(frames=frames, size=224),
        backbone=backbone or BackboneId("ViT-B-32", "openai", "b" * 64),
        protocol=Protocol(**rule),
        variant=variant,
    )
    labels, predicted = predictions or some_predictions(hash_of(method, fold, seed), classes=len(classes))
    counts = confusion(labels, predicted, len(classes))
    result = {
        "schema": SCHEMA,
        "id": job.id,
        "status": "done",
        "dataset": dataset,
        "fingerprint": fingerprint,
        "split_sha256": {"train": "c" * 64, "test": "d" * 64},
        "official": True,
        "demo": False,
        "fold": fold,
        "seed": seed,
        "method": method,
        "variant": variant,
        "options": dict(options or {}),
        "input": asdict(job.input),
        "plugin": {"name": "plug", "version": version, "source_sha256": source},
        "backbone": asdict(job.backbone),
        "protocol": asdict(job.protocol),
        "protocol_hash": job.protocol.hash,
        "selection": job.protocol.selection,
        "epoch": 3,
        "classes": list(classes),
        "metrics": {**scores(counts, classes), "ece": 0.125},
        "confusion": counts,
        "n_scored": len(labels),
        "n_unscored": 0,
        "cost": {
            "gflops": 35.27,
            "params_total": 151_000_000,
            "params_trainable": 8192,
            "latency_ms": None,
            "uncounted": {"aten::softmax": 3},
        },
        "phases": {},
        "provenance": {"finished": "2026-11-20T10:00:00+00:00"},
        "warnings": [],
        "error": None,
    }
    if overrides.get("status") == "failed":  # as harness.jobs.run_job leaves it
        result |= {
            "official": False,
            "demo": False,
            "metrics": {},
            "confusion": None,
            "n_scored": 0,
            "cost": {},
        }
    stored: dict[str, Any] = json.loads(json.dumps(result | overrides))
    return stored


def hash_of(*parts: object) -> int:
    return int(digest(parts, 8), 16)


class Runs:
    """A store on disk to add results to."""

    def __init__(self, root: Path) -> None:
        self.store = Store(root)

    def add(self, **fields: Any) -> dict[str, Any]:
        """Write one result; with its predictions, unless its scores are made up and no predictions would give them."""
        result = make_result(**fields)
        folder = self.store.root / result["dataset"] / "m" / f"{result['fold']}-s{result['seed']}-{result['id']}"
        while folder.exists():  # planted twins keep a folder of their own
            folder = folder.with_name(folder.name + "x")
        folder.mkdir(parents=True)
        write_json(folder / "result.json", result)
        if result["status"] == "done" and ("metrics" not in fields or "predictions" in fields):
            _predictions(result).to_parquet(folder / "predictions.parquet")
        return result

    def bench(self, folds: Sequence[str] = "12345", seeds: Sequence[int] = (1,), **fields: Any) -> None:
        """Write a whole row."""
        for fold in folds:
            for seed in seeds:
                self.add(fold=fold, seed=seed, **fields)


def _predictions(result: Mapping[str, Any]) -> pd.DataFrame:
    pairs = [
        (label, guess)
        for label, line in zip(result["classes"], result["confusion"], strict=True)
        for guess, count in zip(result["classes"], line, strict=True)
        for _ in range(count)
    ]
    frame = pd.DataFrame(pairs, columns=["label", "prediction"])
    frame.insert(0, "sample_id", [f"{i:05d}" for i in range(len(frame))])
    sure = {f"logit.{name}": (frame["prediction"] == name).astype("float32") for name in result["classes"]}
    return frame.assign(**sure)


def dataset_spec(name: str = "toyset", folds: Sequence[str] = "12345", title: str = "ToySet") -> DatasetSpec:
    def load(root: Path, fold: str) -> Any:
        raise AssertionError("a leaderboard reads results, never data")

    classes = tuple(ClassLabel(c, c.title()) for c in CLASSES)
    return DatasetSpec(name, "1", title, title, classes, tuple(folds), load)

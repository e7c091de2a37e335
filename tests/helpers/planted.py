"""Stores of results whose truth is known: skills, ties, cheats, missing folds and hostile names, planted on purpose."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.core.backbone_spec import BackboneId
from harness.core.digest import digest
from harness.core.frame_input import FrameInput
from harness.core.job import JobSpec, Protocol
from harness.results.store import SCHEMA, safe_name

CLASSES = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
SHARES = (0.21, 0.17, 0.22, 0.18, 0.12, 0.02, 0.08)  # about those of DFEW
REAL = BackboneId("ViT-B-32", "openai", "b" * 64)
HARDWARE = {"cpu": "Test CPU", "cores": 2, "gpus": [], "machine": "x86_64"}


@dataclass
class TestSet:
    """The test clips of one dataset, fold by fold. A hard clip is hard for every method."""

    __test__ = False  # not a class of tests

    dataset: str = "dfew"
    folds: Sequence[str] = "12345"
    clips: int = 300  # a fold
    classes: tuple[str, ...] = CLASSES
    films: int = 0  # groups a fold; 0 = not known
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def __post_init__(self) -> None:
        shares = np.array(SHARES if self.classes == CLASSES else [1 / len(self.classes)] * len(self.classes))
        every = np.arange(len(self.classes))
        self.labels = {
            fold: np.concatenate([every, self.rng.choice(len(shares), self.clips - len(every), p=shares)])
            for fold in self.folds
        }
        self.ease = {fold: self.rng.normal(0, 1, self.clips) for fold in self.folds}
        self.frames = {fold: self.rng.integers(8, 60, self.clips) for fold in self.folds}

    def ids(self, fold: str) -> list[str]:
        return [f"{fold}-{number:05d}" for number in range(self.clips)]

    def groups(self, fold: str) -> list[str]:
        return [f"film {fold}-{i % self.films}" if self.films else "" for i in range(self.clips)]

    def predict(self, fold: str, skill: float, seed: int) -> np.ndarray:
        """(N, C) logits: right where skill, ease and luck add up to more than nothing."""
        rng = np.random.default_rng([seed, int(digest(fold, 6), 16)])
        labels, classes = self.labels[fold], len(self.classes)
        margin = skill + self.ease[fold] + rng.normal(0, 1, self.clips)
        logits = rng.normal(0, 0.3, (self.clips, classes))
        wrong = (labels + rng.integers(1, classes, self.clips)) % classes
        logits[np.arange(self.clips), np.where(margin > 0, labels, wrong)] += 1.5 + np.abs(margin)
        return logits.astype(np.float32)


class Planted:
    """A runs folder to plant rows in."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def row(
        self,
        method: str,
        skill: float = 0.5,
        *,
        on: TestSet,
        seeds: Sequence[int] = (1,),
        folds: Sequence[str] | None = None,
        logits: Mapping[tuple[str, int], np.ndarray] | None = None,
        **changes: Any,
    ) -> None:
        """A method of this skill on all folds and seeds, or with the logits given by fold and seed.

        `changes` replace keys of `result.json`; `identity` those of the job (options, input, variant, protocol ...).
        """
        for fold in folds or on.folds:
            for seed in seeds:
                given = (logits or {}).get((fold, seed))
                drawn = on.predict(fold, skill, seed * 1000 + int(digest(method, 3), 16)) if given is None else given
                self.add(method, fold, seed, drawn, on=on, **changes)

    def add(
        self,
        method: str,
        fold: str,
        seed: int,
        logits: np.ndarray,
        *,
        on: TestSet,
        labels: np.ndarray | None = None,
        keep: np.ndarray | None = None,
        identity: Mapping[str, Any] | None = None,
        history: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Path:
        """One result with its predictions and history, of all clips or those to keep; the folder it was written to."""
        kept = np.arange(on.clips) if keep is None else keep
        truth, logits = (on.labels[fold] if labels is None else labels)[kept], logits[kept]
        result = json.loads(json.dumps(self._result(method, fold, seed, truth, logits, on, identity or {}) | changes))
        name = f"{safe_name(fold)}-s{seed}-{result['id']}"
        folder = self.root / safe_name(on.dataset) / safe_name(method) / name
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps(result))
        words = np.array(on.classes, dtype=object)
        frame = pd.DataFrame(
            {
                "sample_id": np.array(on.ids(fold), dtype=object)[kept],
                "label": words[truth],
                "prediction": words[logits.argmax(1)],
                "frames": on.frames[fold].astype(np.int32)[kept],
                "group": np.array(on.groups(fold), dtype=object)[kept],
                **{f"logit.{name}": logits[:, i] for i, name in enumerate(on.classes)},
            }
        )
        frame.to_parquet(folder / "predictions.parquet")
        epochs = {"stage": "main", "epoch": [1, 2, 3], "loss": [1.9, 1.4, 1.2], "lr.prompts": 0.002, "seconds": 1.5}
        pd.DataFrame(epochs | {"val_war": np.nan, "val_uar": np.nan} | dict(history or {})).to_parquet(
            folder / "history.parquet"
        )
        (folder / "log.txt").write_text("epoch 1\nepoch 2\n")
        return folder

    def _result(
        self,
        method: str,
        fold: str,
        seed: int,
        labels: np.ndarray,
        logits: np.ndarray,
        on: TestSet,
        identity: Mapping[str, Any],
    ) -> dict[str, Any]:
        protocol = Protocol(
            **{
                "dataset": on.dataset,
                "dataset_version": "1",
                "crop_source": "crops",
                "split_sha256": "a" * 64,
                "classes": on.classes,
                **identity.get("protocol", {}),
            }
        )
        job = JobSpec(
            dataset=on.dataset,
            fingerprint=identity.get("fingerprint", "f" * 64),
            fold=fold,
            method=method,
            method_version=identity.get("version", "1"),
            seed=seed,
            options=identity.get("options", {}),
            input=identity.get("input", FrameInput(frames=16, size=224)),
            backbone=identity.get("backbone", REAL),
            protocol=protocol,
            variant=identity.get("variant", ""),
        )
        counts = np.zeros((len(on.classes),) * 2, dtype=int)
        np.add.at(counts, (labels, logits.argmax(1)), 1)
        recall = counts.diagonal() / counts.sum(1)
        f1 = 2 * counts.diagonal() / (counts.sum(1) + counts.sum(0))
        return {
            "schema": SCHEMA,
            "id": job.id,
            "status": "done",
            "dataset": on.dataset,
            "fingerprint": job.fingerprint,
            "split_sha256": {"train": "c" * 64, "test": "d" * 64},
            "official": True,
            "demo": False,
            "fold": fold,
            "seed": seed,
            "method": method,
            "variant": job.variant,
            "options": dict(job.options),
            "input": asdict(job.input),
            "plugin": {"name": "planted", "version": job.method_version, "source_sha256": "5" * 64},
            "backbone": asdict(job.backbone),
            "protocol": asdict(protocol),
            "protocol_hash": protocol.hash,
            "selection": protocol.selection,
            "on_bad_sample": "fail",
            "epoch": 3,
            "classes": list(on.classes),
            "metrics": {
                "war": counts.diagonal().sum() / counts.sum(),
                "uar": recall.mean(),
                "macro_f1": f1.mean(),
                "ece": 0.1,
                **{f"recall.{name}": value for name, value in zip(on.classes, recall, strict=True)},
            },
            "confusion": counts.tolist(),
            "n_scored": len(labels),
            "n_unscored": 0,
            "cost": {
                "gflops": 20 + int(digest(method, 2), 16) / 10,
                "gflops_text": 1.0,
                "latency_ms": 10 + int(digest(method, 2), 16) / 20,
                "gflops_train": 12.5,
                "batch": 32,
                "clips_per_second": 30.0,
                "peak_memory_mb": 900.0,
                "params_total": 151_000_000,
                "params_trainable": 8192,
                "params_stored": 8192,
                "uncounted": {},
            },
            "phases": {"fit": 4.0, "predict": 1.0},
            "provenance": {
                "packages": {"torch": "2.6.0", "dfer-harness": "0.1.0"},
                "python": "3.11.0",
                "source": {},
                "hardware": HARDWARE,
                "threads": 1,
                "started": "2026-11-20T09:00:00+00:00",
                "finished": "2026-11-20T10:00:00+00:00",
            },
            "warnings": [],
            "error": None,
        }

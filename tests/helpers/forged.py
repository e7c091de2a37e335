"""Forged rows: predictions made up, scores computed from them, every file of the form that an honest run has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.core.job import JobSpec
from harness.results.records import job_of
from harness.results.store import Store, read, write_json
from helpers.leaderboard_runs import confusion, scores


def made_up(folder: Path, classes: list[str], skill: float, rng: np.random.Generator) -> dict[str, Any]:
    """Put predictions of this skill in the place of those in a folder; the scores that they give."""
    frame = pd.read_parquet(folder / "predictions.parquet")
    labels = frame["label"].map(classes.index).to_numpy()
    wrong = (labels + rng.integers(1, len(classes), len(labels))) % len(classes)
    predicted = np.where(rng.random(len(labels)) < skill, labels, wrong)
    logits = rng.normal(0, 0.3, (len(labels), len(classes))).astype(np.float32)
    logits[np.arange(len(labels)), predicted] += 2 + rng.random(len(labels)).astype(np.float32)
    for index, name in enumerate(classes):
        frame[f"logit.{name}"] = logits[:, index]
    frame.assign(prediction=np.array(classes, dtype=object)[predicted]).to_parquet(folder / "predictions.parquet")
    counts = confusion(labels.tolist(), predicted.tolist(), len(classes))
    return {"confusion": counts, "metrics": scores(counts, classes)}


def forge(folder: Path, skill: float = 0.9, seed: int = 0) -> None:
    """Forge the result in a folder in its place."""
    result = read(folder / "result.json")
    found = made_up(folder, result["classes"], skill, np.random.default_rng(seed))
    write_json(folder / "result.json", {**result, **found})


def forged_row(store: Store, honest: Mapping[str, Any], options: Mapping[str, Any], seed: int) -> str:
    """Write a row of one job beside an honest result, under other options, that was never run; the job's id."""
    job: JobSpec = replace(job_of(honest), options={**honest["options"], **options})
    folder = store.folder(job)
    folder.mkdir(parents=True)
    for name in ("predictions.parquet", "history.parquet"):
        (folder / name).write_bytes((Path(honest["path"]) / name).read_bytes())
    rest = {name: value for name, value in honest.items() if name != "path"}
    claim = json.loads(json.dumps({**rest, "id": job.id, "options": dict(job.options)}))
    found = made_up(folder, honest["classes"], 0.9, np.random.default_rng(seed))
    write_json(folder / "result.json", {**claim, **found})
    return job.id

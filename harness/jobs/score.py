"""The last phase of a job: what its result says, with scores, costs and warnings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from harness.core.metric import Predictions
from harness.cost.cache import cost_key, counted
from harness.cost.count import parameters
from harness.cost.latency import speed_of
from harness.data.doubts import as_stored
from harness.jobs.failure import reason_of
from harness.jobs.phases import Loaded, Parts
from harness.jobs.selection import metrics_of
from harness.models.method import prepares
from harness.results.records import identity
from harness.statistics.scoring import confusion, score
from harness.system.plugin_code import contained
from harness.training.state import TrainingResult

THOUSAND = 1000
_speeds: dict[str, dict[str, float]] = {}  # once a process for all folds and seeds: latency depends on neither


def scored(
    loaded: Loaded,
    parts: Parts,
    fitted: TrainingResult,
    logits: np.ndarray,
    micro: int,
) -> dict[str, Any]:
    """Make the result of a job that is done, less its phases and where it came from."""
    job, dataset = loaded.job, loaded.dataset
    labels = np.array([sample.label for sample in parts.test])
    predictions = Predictions(
        labels,
        logits,
        dataset.spec.class_names,
        ids=[sample.id for sample in parts.test],
        groups=[sample.group for sample in parts.test],
        frames=[sample.frames for sample in parts.test],
    )
    metrics = loaded.named.metrics
    scores = score(predictions, metrics, contained)
    cost = _cost(loaded, len(parts.train))
    return {
        **identity(job, loaded.named.method),
        "status": "done",
        "split_sha256": dataset.split_sha256[job.fold],
        "official": dataset.official(job.fold),
        "folds": list(dataset.spec.folds),
        **_reader(loaded),
        "epoch": fitted.epoch,
        "metrics": scores.values,
        "metric_versions": {name: spec.version for name, spec in metrics.items()},
        **metrics_of(job, fitted),
        "confusion": confusion(predictions),
        "n_scored": len(parts.test),
        "n_unscored": parts.unscored,
        **_doubts(loaded),
        "cost": cost,
        "warnings": [*scores.problems, *_warnings(loaded, parts, logits, cost, micro)],
    }


def _doubts(loaded: Loaded) -> dict[str, list[dict[str, str]]]:
    """Return what limits a result on this fold of this dataset, if anything does."""
    doubts = loaded.dataset.doubts[loaded.job.fold]
    return {"doubts": as_stored(doubts)} if doubts else {}


def _reader(loaded: Loaded) -> dict[str, str]:
    """Return who reads a dataset of the user's own, whose folds no plugin knows."""
    spec = loaded.named.dataset
    return {"reader": spec.reader or spec.name} if spec.is_open else {}


def _cost(loaded: Loaded, clips: int) -> dict[str, Any]:
    """Return what the method costs, and its training on so many clips; of a quick job only its parameters.

    One that cannot be counted keeps its scores, and says under `error` why.
    """
    method, task = loaded.method, loaded.task
    source = loaded.named.method.source_sha256
    cost: dict[str, Any] = dict(parameters(method, task.backbone))
    if loaded.context.quick:
        return cost
    try:
        cost |= _speed(loaded)
        cost |= counted(loaded.job, source, method, task, Path(loaded.context.cache))
        cost["tflops_training"] = cost["gflops_trained"] * clips / THOUSAND if loaded.job.is_trained else 0.0
    except Exception as error:
        cost["error"] = reason_of(error, loaded.named)
    return cost


def _speed(loaded: Loaded) -> dict[str, float]:
    key = cost_key(loaded.job, loaded.named.method.source_sha256)
    if key not in _speeds:
        _speeds[key] = speed_of(
            loaded.method,
            loaded.task,
            loaded.device,
        )
    return _speeds[key]


def _warnings(
    loaded: Loaded,
    parts: Parts,
    logits: np.ndarray,
    cost: dict[str, Any],
    micro: int,
) -> Iterator[str]:
    if loaded.context.quick:
        yield "quick run: neither latency nor cost was measured, and it is not ranked"
    yield from contradictions(loaded)
    yield from loaded.inputs.warnings(parts.untrained, parts.unscored)
    if len(logits) > 1 and (logits == logits[0]).all():
        yield "all clips have the same logits: it tells no clip from another"
    if "error" in cost:
        yield f"cost left out: {cost['error']}"
    if micro > 1:
        yield (
            f"out of GPU memory: each batch went through in {micro} times as many parts; the batch that a step is "
            f"taken on stayed the same"
        )


def contradictions(loaded: Loaded) -> Iterator[str]:
    """Yield where the spec of a method says something else than the method does."""
    features = loaded.named.method.spec.features
    if loaded.inputs.cached and features == "none":
        yield "its spec says features='none', but it is fed features: name them, so that they are encoded beforehand"
    elif features != "none" and not loaded.inputs.cached and loaded.job.input.views:
        yield f"its spec says features={features!r}, but it is not fed those of the backbone"
    for name in loaded.task.weights.unread:
        yield f"its spec declares weights {name!r}, which it did not read"
    if bool(loaded.named.method.spec.prepares) != prepares(loaded.method):
        yield "its spec's `prepares` and its class contradict each other: training clips are encoded late, or in vain"

"""Which epoch is kept, and what may be looked at to choose it.

`last` looks at nothing. `val` looks at a part held out of the training part. `oracle` looks at the test part, as much
published code does; only there is the test part handed to training, and every table marks such rows. `authors` is of
weights that others trained, by a rule of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from harness.core.dataset_spec import Fold, Sample
from harness.core.job import JobSpec, SelectionRule
from harness.core.metric import MetricSpec, Predictions
from harness.data.splits import hold_out
from harness.jobs.job_inputs import JobInputs
from harness.models.method import Method
from harness.statistics.scoring import score
from harness.system.plugin_code import contained
from harness.training.loop import Monitor
from harness.training.predict import predict
from harness.training.state import TrainingResult

FIGURES = ("war", "uar")  # the first one chooses; the second breaks ties


def training_part(fold: Fold, selection: SelectionRule) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """Return the clips to train on, and those held out of them for validation; neither for authors' weights."""
    if selection == "authors":
        return (), ()
    return hold_out(fold.train) if selection == "val" else (fold.train, ())


def monitor_for(
    job: JobSpec,
    metrics: Mapping[str, MetricSpec],
    inputs: JobInputs,
    *,
    held_out: Sequence[Sample],
    test: Sequence[Sample],
    device: torch.device,
    micro: int = 1,
) -> Monitor | None:
    """Make what evaluates the method after each epoch, if the selection rule needs it."""
    if job.protocol.selection in ("last", "authors"):
        return None
    prefix, samples = ("val", held_out) if job.protocol.selection == "val" else ("test", test)
    watched = inputs.test(samples)
    labels = np.array([sample.label for sample in samples])
    chosen = {name: spec for name, spec in metrics.items() if name in FIGURES}

    def monitor(method: Method) -> Mapping[str, float]:
        logits = predict(method, watched, device, micro)
        figures = score(Predictions(labels, logits, job.protocol.classes), chosen, contained).values
        return {f"{prefix}_{name}": figures[name] for name in FIGURES}

    return monitor


def metrics_of(job: JobSpec, fitted: TrainingResult) -> dict[str, Any]:
    """Return the last epoch's test figures under `oracle`, so that tables can show the gap."""
    if job.protocol.selection != "oracle" or not fitted.history:
        return {}
    return {"metrics_last": {name: fitted.history[-1][f"test_{name}"] for name in FIGURES}}

"""Every stored metric that can be computed here, computed again from the predictions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from harness.core.errors import HarnessError
from harness.core.metric import MetricSpec, Predictions
from harness.core.text import first_few
from harness.results.predictions import read_facts, read_predictions
from harness.statistics.scoring import confusion, score
from harness.submission.remark import Remark, note, objection

SCORES = ("war", "uar")  # which every result has
TOLERANCE = 1e-6  # of a fraction: sums in another order
NAMED = 5


def recomputed(results: list[dict[str, Any]], metrics: Mapping[str, MetricSpec]) -> Iterator[Remark]:
    """Yield scores that the predictions do not give, and metrics that nobody here can compute.

    Args:
        results: of a bundle, each with its folder as `path`, where its predictions were written anew.
        metrics: as they are registered here.
    """
    claimed: set[str] = set()
    for result in results:
        where = f"{result['dataset']}, {result['method']}, fold {result['fold']}, seed {result['seed']}"
        versions = result.get("metric_versions") or {}
        same = {name: spec for name, spec in metrics.items() if name in SCORES or versions.get(name) == spec.version}
        try:
            predictions = _predictions(result)
            found = score(predictions, same).values
        except HarnessError as error:
            yield objection("unreadable", where, str(error))
            continue
        stored = {name: value for name, value in (result.get("metrics") or {}).items() if value is not None}
        said = [name for name in found if name in stored or name in SCORES]
        wrong = [name for name in said if _differs(stored.get(name), found[name])]
        if wrong:
            shown = [f"{name} is stored as {stored.get(name)}, and is {found[name]:.6f}" for name in wrong]
            yield objection("scores-differ", where, first_few(shown, NAMED))
        if result.get("confusion") != confusion(predictions):
            yield objection("scores-differ", where, "its confusion matrix is not that of its predictions")
        claimed |= {name for name in stored if name not in found}
    if claimed:
        names = first_few(sorted(claimed), NAMED)
        yield note("claimed-metrics", "", f"cannot be computed here, so they are only claimed: {names}")


def _predictions(result: Mapping[str, Any]) -> Predictions:
    classes = result["protocol"]["classes"]
    table = read_predictions(result["path"], classes)
    groups, frames = read_facts(result["path"])
    return Predictions(
        table.labels.astype(int),
        table.logits,
        tuple(classes),
        ids=table.ids.tolist(),
        groups=groups.tolist(),
        frames=frames.tolist(),
    )


def _differs(stored: Any, found: float) -> bool:
    plain = isinstance(stored, int | float) and not isinstance(stored, bool)
    return not plain or not math.isclose(stored, found, rel_tol=0, abs_tol=TOLERANCE)

"""Metrics over the pooled clips of all folds, from summed confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.core.metric import MetricSpec
from harness.leaderboard.board.collect import Jobs


def pooled(jobs: Jobs) -> pd.DataFrame:
    """Return WAR, UAR, macro F1 and recall per class by row: all folds of a seed at once, then seeds averaged."""
    tables = [_pool(part, jobs) for _, part in _by_classes(jobs)]
    return pd.concat(tables) if tables else pd.DataFrame(dtype=float)


def beyond_confusion(metrics: Mapping[str, MetricSpec]) -> dict[str, MetricSpec]:
    """Return the metrics that a confusion matrix does not hold, such as a calibration error."""
    no_matrix = np.zeros((0, 1, 1), dtype=np.int64)
    known = {"recall", *from_confusion(no_matrix, ("",)).columns}
    return {name: spec for name, spec in metrics.items() if name not in known}


def confusions(jobs: Jobs) -> dict[str, list[list[int]]]:
    """Return confusion matrix of each row summed over folds and seeds; lines are the true classes."""
    sums: dict[str, list[list[int]]] = {}
    for _, part in _by_classes(jobs):
        matrices, rows = _summed(part, ["row"])
        sums |= dict(zip(rows.get_level_values("row"), matrices.tolist(), strict=True))
    return sums


def from_confusion(matrices: np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
    """Return the metrics of a stack of matrices (K, C, C), lines true, as fractions; (K, 3 + C).

    A class without clips has no recall; like the metrics of single folds, UAR and macro F1 leave it out.
    """
    hits = matrices.diagonal(axis1=1, axis2=2).astype(float)  # (K, C)
    support = matrices.sum(2)  # (K, C)
    predicted = matrices.sum(1)  # (K, C)
    recall = _divide(hits, support)
    f1 = _divide(2 * hits, support + predicted)
    columns = {
        "war": _divide(hits.sum(1), support.sum(1)),
        "uar": _mean_present(recall),
        "macro_f1": _mean_present(np.where(support > 0, f1, np.nan)),
    }
    for i, name in enumerate(classes):
        columns[f"recall.{name}"] = recall[:, i]
    return pd.DataFrame(columns)


def _by_classes(jobs: Jobs) -> list[tuple[tuple[str, ...], pd.DataFrame]]:
    """Return finished jobs with a matrix, grouped by class list, so that each group stacks into one array."""
    frame = jobs.frame.loc[jobs.frame["confusion"].notna(), ["row", "seed", "confusion"]]
    classes = {row: tuple(facts["protocol"]["classes"]) for row, facts in jobs.facts.items()}
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in frame["row"].unique():
        groups.setdefault(classes[row], []).append(row)
    return [(names, frame[frame["row"].isin(rows)]) for names, rows in sorted(groups.items())]


def _summed(part: pd.DataFrame, keys: list[str]) -> tuple[np.ndarray, pd.Index[Any]]:
    """Return matrices added up within each key, (K, C, C), and the keys."""
    cells = pd.MultiIndex.from_frame(part[keys])
    index = cells.unique().sort_values()
    codes = index.get_indexer(cells)
    stack = np.array(part["confusion"].tolist(), dtype=np.int64)  # (J, C, C)
    sums = np.zeros((len(index), *stack.shape[1:]), dtype=np.int64)
    np.add.at(sums, codes, stack)
    return sums, index


def _pool(part: pd.DataFrame, jobs: Jobs) -> pd.DataFrame:
    classes = jobs.facts[part["row"].iloc[0]]["protocol"]["classes"]
    matrices, index = _summed(part, ["row", "seed"])
    by_seed = from_confusion(matrices, classes).set_index(index)
    return by_seed.groupby(level="row").mean()


def _divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    quotient = np.full(part.shape, np.nan)
    np.divide(
        part,
        whole,
        out=quotient,
        where=whole > 0,
    )
    return quotient


def _mean_present(values: np.ndarray) -> np.ndarray:
    """Return mean over classes (K, C) -> (K,), leaving out the undefined ones; NaN where all are."""
    present = ~np.isnan(values)
    return _divide(np.where(present, values, 0.0).sum(1), present.sum(1))

"""Whether stored predictions bear out stored scores: nothing is computed from predictions that contradict their row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from harness.leaderboard.board.pooled import from_confusion
from harness.leaderboard.board.verification import TOLERANCE
from harness.results.metric_versions import belongs
from harness.results.predictions import PredictionTable
from harness.statistics.scoring import confusion_counts, contradicted


def contradictions(
    results: Sequence[Mapping[str, Any]],
    predicted: Sequence[PredictionTable],
    changed: Sequence[Mapping[str, object]],
    classes: Sequence[str],
) -> list[str]:
    """Return for each result why its predictions are not those of its scores, or "".

    Args:
        results: as stored, all of these classes.
        predicted: their predictions.
        changed: of each result the metrics whose version is another now; their values cannot be compared.
        classes: names, in label order.
    """
    counts = np.array([confusion_counts(clips.labels, clips.predicted, len(classes)) for clips in predicted])
    scores = from_confusion(counts, classes).to_dict("records")
    found = []
    for result, clips, matrix, given, other in zip(
        results,
        predicted,
        counts.tolist(),
        scores,
        changed,
        strict=True,
    ):
        told = [
            *_of_clips(result, clips),
            *_of_matrix(result, matrix),
            *_of_scores(result.get("metrics") or {}, given, other),
        ]
        found.append("; ".join(told))
    return found


def _of_clips(result: Mapping[str, Any], clips: PredictionTable) -> Iterator[str]:
    if len(clips.ids) != result.get("n_scored"):
        yield f"it scored {result.get('n_scored')} clips, its predictions are of {len(clips.ids)}"
    wrong = contradicted(clips.logits, clips.predicted)
    if wrong:
        yield f"{wrong} predictions are not the class of the largest logit"


def _of_matrix(result: Mapping[str, Any], matrix: list[list[int]]) -> Iterator[str]:
    if result.get("confusion") not in (None, matrix):
        yield "its confusion matrix is not that of its predictions"


def _of_scores(
    stored: Mapping[str, Any],
    given: Mapping[Any, float],
    changed: Mapping[str, object],
) -> Iterator[str]:
    for name, value in given.items():
        if name not in stored or any(belongs(name, metric) for metric in changed):
            continue
        there = stored[name]
        if not isinstance(there, (int, float)) or not abs(there - value) <= TOLERANCE:
            yield f"{name} is stored as {there!r}, its predictions give {value:.4f}"

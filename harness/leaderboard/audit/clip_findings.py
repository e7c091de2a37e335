"""What the predictions say about the test clips: duplicates, and scores that hang on the length of a clip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.spatial import cKDTree

from harness.core.text import first_few
from harness.leaderboard.audit.finding import Finding, about
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.inference import Inference
from harness.leaderboard.board.sections import SECTION
from harness.results.predictions import BadPredictions, read_predictions
from harness.statistics.resample import recalls

SHORT = 16  # frames; most methods of the field sample 16
ENOUGH = 5  # clips of a class on both sides
SURE = 2.58  # standard errors, 1 % two-sided
WITNESSES = 3  # rows whose logits must agree that two clips are the same
CLOSE = 0.01  # of the logits' standard deviation, in every class and witness
CHANCE = 0.01  # pairs that may be this close by chance; more and the logits cannot tell
COARSE = 0.5  # of clips with logits of their own; with fewer the logits are too coarse to tell clips apart
NAMED = 5


def findings(board: Board) -> Iterator[Finding]:
    """Yield near-duplicates within the test clips of each fold, and bias by clip length of each row."""
    for key, tests in board.tests.items():
        dataset = str(dict(zip(SECTION, key, strict=True))["dataset"])
        yield from _in_several_folds(tests, dataset)
        yield from _duplicates(board, tests, dataset)
        yield from _by_length(board, tests)


def _by_length(board: Board, tests: Inference) -> Iterator[Finding]:
    """Yield UAR of clips of fewer than 16 frames beside that of the others, over the classes with enough of both."""
    short = tests.panel.frames < SHORT
    known = tests.panel.frames > 0
    labels = tests.outcomes.labels
    both = np.flatnonzero(
        np.minimum(np.bincount(labels[short & known], minlength=99), np.bincount(labels[~short & known], minlength=99))
        >= ENOUGH
    )
    sides = [np.isin(labels, both) & known & side for side in (short, ~short)]
    if not len(both):
        return
    rows = {row["row"]: row for row in board.as_rows}
    fractions = [recalls(labels[side], tests.outcomes.right[side]) for side in sides]  # (C, M) each
    sizes = [np.bincount(labels[side])[both][:, None] for side in sides]
    smooth = [(p * n + 1) / (n + 2) for p, n in zip(fractions, sizes, strict=True)]  # a recall of 0 or 1 is not sure
    errors = []
    for p, n in zip(smooth, sizes, strict=True):
        variance = p * (1 - p) / n
        errors.append(np.sqrt(variance.sum(0)) / len(both))
    few, many = (p.mean(0) for p in fractions)
    for column, name in enumerate(tests.rows):
        gap, error = many[column] - few[column], np.hypot(errors[0][column], errors[1][column])
        if abs(gap) > SURE * error:
            text = (
                f"short-clip bias: UAR {few[column] * 100:.2f} on the {int(sides[0].sum())} clips under {SHORT} "
                f"frames, {many[column] * 100:.2f} on the {int(sides[1].sum())} longer ones ({gap * 100:+.2f} points)"
            )
            values = {
                "short": float(few[column]),
                "long": float(many[column]),
                "error": float(error),
            }
            yield about(rows[name], "warning", "short-clip-bias", text, **values)


def _in_several_folds(tests: Inference, dataset: str) -> Iterator[Finding]:
    """Test clips that stand in more than one fold: folds that are to be pooled have none in common."""
    ids, counts = np.unique(tests.panel.ids.astype(str), return_counts=True)
    twice = ids[counts > 1].tolist()
    if twice:
        text = f"{len(twice)} test clips are in more than one fold: {first_few(twice, NAMED)}"
        yield Finding(
            "warning",
            "folds-overlap",
            dataset,
            "",
            f"test clips of {dataset}",
            text,
            {"clips": twice},
        )


def _duplicates(
    board: Board,
    tests: Inference,
    dataset: str,
) -> Iterator[Finding]:
    pairs = []
    for fold in dict.fromkeys(tests.panel.folds.tolist()):
        inside = tests.panel.folds == fold
        ids, labels = tests.panel.ids[inside], tests.panel.labels[inside]
        for a, b in near_duplicates(_logits(board, tests, fold, ids)):
            pairs.append(
                {
                    "fold": fold,
                    "clips": [str(ids[a]), str(ids[b])],
                    "same_label": bool(labels[a] == labels[b]),
                }
            )
    if pairs:
        named = first_few([f"{' and '.join(pair['clips'])} (fold {pair['fold']})" for pair in pairs], NAMED)
        text = f"near-duplicate test clips, to which every method gives nearly equal logits: {named}"
        yield Finding(
            "warning",
            "near-duplicates",
            dataset,
            "",
            f"test clips of {dataset}",
            text,
            {"pairs": pairs},
        )


def _logits(
    board: Board,
    tests: Inference,
    fold: str,
    ids: np.ndarray,
) -> list[np.ndarray]:
    """Return logits of one job each of a few rows, (N, C)."""
    found = []
    for row in tests.rows:
        part = next((part for part in board.evidence.parts[row] if part.fold == fold), None)
        logits = _read(part.folder, board.jobs.facts[row]["protocol"]["classes"]) if part else None
        if logits is not None and len(logits) == len(ids):
            found.append(logits)
        if len(found) == WITNESSES:
            break
    return found


def _read(folder: str, classes: Sequence[str]) -> np.ndarray | None:
    try:
        logits = read_predictions(folder, classes).logits.astype(np.float64)
    except BadPredictions:
        return None
    apart = len(np.unique(logits, axis=0)) >= COARSE * len(logits)
    return logits if apart and np.isfinite(logits).all() else None


def near_duplicates(logits: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Return pairs of clips that all witnesses see as one: closer than chance would bring any two.

    Args: logits (N, C) of each witness.
    """
    if not logits:
        return []
    features = np.concatenate([values / values.std(0).clip(1e-9) for values in logits], axis=1)
    clips, width = features.shape
    by_chance = clips**2 / 2 * (2 * CLOSE * 0.28) ** width  # 0.28: density of a normal difference at 0
    reach = CLOSE if by_chance < CHANCE else CLOSE * (CHANCE / by_chance) ** (1 / width)
    found = cKDTree(features).query_pairs(reach, p=np.inf)
    return sorted((int(a), int(b)) for a, b in found)

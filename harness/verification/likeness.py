"""Whether two runs of one job predicted the same: bit for bit on one kind of processor, else within a tolerance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from harness.results.predictions import PredictionTable

Outcome = Literal["alike", "differs", "cannot"]
EXACT = "bit for bit"
NEAR = "within the tolerance"

# Between kinds of processors sums are taken in another order, and training carries that on. docs/protocol.md tells
# what was measured.
LOGITS = 0.01  # root mean square of the differences of logits, of the standard deviation of the stored ones
CLIPS = 0.005  # of the test clips may be named otherwise, and one in any case
OTHER_GPU = 4.0  # times as much of both where GPUs differ: they train in bfloat16, which has 8 bits


@dataclass(frozen=True)
class Likeness:
    """A comparison of what is stored of a job with its second run."""

    outcome: Outcome
    compared: str = ""  # how strictly
    reason: str = ""  # of an outcome that is not alike
    clips: int = 0
    other_predictions: int = 0  # clips that are named otherwise
    logits: float | None = None  # root mean square difference, in standard deviations of the stored logits


def compare(
    stored: PredictionTable,
    again: PredictionTable,
    *,
    exact: bool,
    slack: float = 1.0,
) -> Likeness:
    """Compare the predictions that are stored with those of the second run. Clips and labels have to be the same.

    Args:
        stored: what the result says.
        again: what its second run says.
        exact: whether bits have to be equal.
        slack: times the tolerance that counts where they have not.
    """
    compared = EXACT if exact else NEAR
    if stored.ids.tolist() != again.ids.tolist():
        return Likeness("differs", compared, "other test clips", len(stored.ids))
    if not np.array_equal(stored.labels, again.labels):
        return Likeness("differs", compared, "test clips under other labels", len(stored.ids))
    others = int((stored.predicted != again.predicted).sum())
    distance = _distance(stored.logits, again.logits)
    same = others == 0 and stored.logits.tobytes() == again.logits.tobytes()
    few = others <= max(1, slack * CLIPS * len(stored.ids))
    near = few and distance is not None and distance <= slack * LOGITS
    if same or (near and not exact):
        return Likeness(
            "alike",
            compared,
            "",
            len(stored.ids),
            others,
            distance,
        )
    reason = f"{others} of {len(stored.ids)} clips named otherwise"
    far = "logits that are no numbers" if distance is None else f"logits {distance:.3g} standard deviations apart"
    return Likeness(
        "differs",
        compared,
        f"{reason}, {far}",
        len(stored.ids),
        others,
        distance,
    )


def _distance(stored: np.ndarray, again: np.ndarray) -> float | None:
    """Return the root mean square difference in standard deviations of what is stored; None where it is no number."""
    first, second = stored.astype(np.float64), again.astype(np.float64)
    difference = float(np.sqrt(((first - second) ** 2).mean()))
    spread = float(first.std())
    if not np.isfinite([difference, spread]).all():
        return None
    return difference / spread if spread else float(difference > 0)


def same_kind(first: Mapping[str, Any] | None, second: Mapping[str, Any] | None) -> bool:
    """Return whether two runs, by their provenance, were on one kind of processor with the same torch and threads.

    What does not say where it ran was not.
    """
    kinds = [_kind(provenance or {}) for provenance in (first, second)]
    return kinds[0] == kinds[1] and kinds[0][0] is not None


def slack_between(first: Mapping[str, Any] | None, second: Mapping[str, Any] | None) -> float:
    """Return how many times the tolerance counts between two runs, by their provenance."""
    gpus = [((provenance or {}).get("hardware") or {}).get("gpus") for provenance in (first, second)]
    return 1.0 if gpus[0] == gpus[1] else OTHER_GPU


def _kind(provenance: Mapping[str, Any]) -> tuple[Any, ...]:
    hardware, packages = provenance.get("hardware") or {}, provenance.get("packages") or {}
    return (
        hardware.get("cpu"),
        hardware.get("machine"),
        hardware.get("kernels"),
        hardware.get("gpus"),
        packages.get("torch"),
        provenance.get("threads"),
        bool(provenance.get("compile")),
    )

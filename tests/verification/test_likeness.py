"""Two runs of one job: equal bits on one kind of processor, a little apart elsewhere, never made up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.results.predictions import PredictionTable
from harness.verification.likeness import CLIPS, LOGITS, OTHER_GPU, compare, same_kind, slack_between

CLIP_COUNT = 1000


def predicted(noise: float = 0.0, clips: int = CLIP_COUNT, seed: int = 0) -> PredictionTable:
    logits = np.random.default_rng(seed).normal(0, 1, (clips, 7)).astype(np.float32)
    logits += np.random.default_rng(9).normal(0, 1, logits.shape).astype(np.float32) * np.float32(noise)
    labels = np.arange(clips, dtype=np.int8) % 7
    return PredictionTable(np.array([f"{i}" for i in range(clips)]), labels, logits.argmax(1).astype(np.int8), logits)


def test_bits_count_on_one_kind_of_processor() -> None:
    assert compare(predicted(), predicted(), exact=True).outcome == "alike"
    near = predicted(1e-6)
    assert compare(predicted(), near, exact=True).outcome == "differs"
    assert compare(predicted(), near, exact=False).outcome == "alike"


@pytest.mark.parametrize("noise", [LOGITS * 3, 1.0])
def test_what_is_beyond_the_tolerance_differs(noise: float) -> None:
    found = compare(predicted(), predicted(noise), exact=False)
    assert (found.outcome, found.compared) == ("differs", "within the tolerance")
    assert "standard deviations apart" in found.reason


def test_between_gpus_the_tolerance_is_wider() -> None:
    near = predicted(LOGITS * 2)
    assert compare(predicted(), near, exact=False).outcome == "differs"
    assert compare(predicted(), near, exact=False, slack=OTHER_GPU).outcome == "alike"
    gpu = {**HERE, "hardware": {**HERE["hardware"], "gpus": ["H100"]}}
    assert slack_between(HERE, {**HERE, "hardware": {**HERE["hardware"], "cpu": "B"}}) == 1
    assert slack_between(HERE, gpu) == slack_between(HERE, None) == OTHER_GPU


def test_made_up_predictions_differ_anywhere() -> None:
    for exact in (True, False):
        assert compare(predicted(), predicted(seed=1), exact=exact, slack=OTHER_GPU).outcome == "differs"


@pytest.mark.parametrize(("others", "outcome"), [(int(CLIPS * CLIP_COUNT), "alike"), (CLIP_COUNT // 10, "differs")])
def test_a_few_clips_may_be_named_otherwise_elsewhere(others: int, outcome: str) -> None:
    stored, again = predicted(), predicted()
    order = np.sort(again.logits, axis=1)
    for clip in np.argsort(order[:, -1] - order[:, -2])[:others]:  # those it was least sure about
        best, second = np.argsort(again.logits[clip])[[-1, -2]]
        again.logits[clip, [best, second]] = again.logits[clip, [second, best]]
        again.predicted[clip] = second
    found = compare(stored, again, exact=False)
    assert (found.outcome, found.other_predictions) == (outcome, others)


def test_other_clips_or_labels_differ() -> None:
    stored, fewer = predicted(), predicted(clips=999)
    assert compare(stored, fewer, exact=False).reason == "other test clips"
    relabelled = PredictionTable(stored.ids, (stored.labels + 1) % 7, stored.predicted, stored.logits)
    assert compare(stored, relabelled, exact=False).reason == "test clips under other labels"


def test_logits_that_are_no_numbers_are_not_near() -> None:
    broken = predicted()
    broken.logits[3, 2] = np.nan
    found = compare(predicted(), broken, exact=False)
    assert (found.outcome, found.logits) == ("differs", None)


def test_logits_that_are_all_the_same_are_near_themselves_only() -> None:
    flat = PredictionTable(*(getattr(predicted(), name) for name in ("ids", "labels")),
                           np.zeros(CLIP_COUNT, np.int8), np.zeros((CLIP_COUNT, 7), np.float32))  # fmt: skip
    assert compare(flat, flat, exact=False).outcome == "alike"
    assert compare(flat, predicted(), exact=False).outcome == "differs"


HERE: dict[str, Any] = {
    "hardware": {"cpu": "A", "machine": "x86_64", "gpus": [], "cores": 2, "kernels": "AVX2"},
    "packages": {"torch": "2.6"},
    "threads": 1,
}


@pytest.mark.parametrize(
    ("there", "same"),
    [
        (HERE, True),
        ({**HERE, "host": "another"}, True),
        ({**HERE, "hardware": {**HERE["hardware"], "cores": 64}}, True),
        ({**HERE, "hardware": {**HERE["hardware"], "cpu": "B"}}, False),
        ({**HERE, "hardware": {**HERE["hardware"], "gpus": ["H100"]}}, False),
        ({**HERE, "hardware": {**HERE["hardware"], "kernels": "AVX512"}}, False),
        ({**HERE, "packages": {"torch": "2.7"}}, False),
        ({**HERE, "threads": 2}, False),
        ({**HERE, "compile": True}, False),
        (None, False),
    ],
)
def test_one_kind_of_processor(there: dict[str, Any] | None, same: bool) -> None:
    assert same_kind(HERE, there) is same


def test_two_that_do_not_say_where_they_ran_are_of_no_kind() -> None:
    assert not same_kind({}, {})

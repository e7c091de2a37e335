"""Batches and outputs, as they pass between the harness and a method."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness import Method
from harness.core.dataset_spec import Sample
from harness.core.errors import HarnessError
from harness.core.recipe import Stage
from harness.models.batch import Batch, Outputs, TrainingClips, logits_of, soft_targets
from helpers.points import CPU, Points


def batch(size: int, targets: bool = True) -> Batch:
    rows = torch.arange(size)
    soft = rows[:, None] * torch.ones(3) if targets else None
    return Batch(rows[:, None, None], rows % 3, soft, tuple(map(str, range(size))), "s", 1, 0.5, torch.Generator())


@given(st.integers(1, 20), st.integers(1, 25), st.booleans())
def test_parts_of_a_batch_are_the_batch(size: int, part: int, targets: bool) -> None:
    whole = batch(size, targets)
    parts = list(whole.split(part))
    assert [len(p) for p in parts[:-1]] == [part] * (len(parts) - 1)
    assert torch.equal(torch.cat([p.inputs for p in parts]), whole.inputs)
    assert torch.equal(torch.cat([p.labels for p in parts]), whole.labels)
    assert sum((p.ids for p in parts), ()) == whole.ids
    if whole.targets is None:
        assert {p.targets for p in parts} == {None}
    else:
        assert torch.equal(torch.cat([p.targets for p in parts if p.targets is not None]), whole.targets)
    assert {(p.stage, p.epoch, p.progress, p.generator) for p in parts} == {("s", 1, 0.5, whole.generator)}


def test_soft_targets_are_given_only_where_every_clip_has_some() -> None:
    soft = [Sample("a", Path(), 0, targets=(0.5, 0.5)), Sample("b", Path(), 1, targets=(0.0, 1.0))]
    assert soft_targets([*soft, Sample("c", Path(), 1)], CPU) is None
    assert soft_targets([], CPU) is None
    found = soft_targets(soft, CPU)
    assert found is not None
    assert found.tolist() == [[0.5, 0.5], [0.0, 1.0]]


@pytest.mark.parametrize("shape", [(7,), (2, 7, 1), ()])
def test_logits_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(HarnessError, match=re.escape(f"logits of shape {shape}; they have to be (B, C)")):
        logits_of(torch.zeros(shape))


def test_logits_of_whatever_forward_returns() -> None:
    logits = torch.zeros(2, 3)
    assert logits_of(logits) is logits
    assert logits_of(Outputs(logits, {"features": torch.ones(2, 4)})) is logits
    for wrong in ((logits, logits), {"logits": logits}, None):
        with pytest.raises(HarnessError, match=rf"forward returned a {type(wrong).__name__}; it has to return logits"):
            logits_of(wrong)


def test_training_clips_come_in_order_and_whole() -> None:
    points = Points(130)
    clips = TrainingClips(points, CPU)
    batches = list(clips)
    assert [len(found) for found in batches] == [64, 64, 2]
    assert torch.equal(torch.cat([found.inputs for found in batches]), points.x)
    assert torch.equal(clips.labels, points.labels)
    assert len(clips) == 130


def test_a_class_whose_step_is_something_else_is_told_to_rename_it() -> None:
    with pytest.raises(TypeError, match=r"Old.step is called by the harness as step\(self, batch\)"):

        class Old(Method):
            def step(self, inputs: object, labels: object) -> None: ...  # type: ignore[override]

    with pytest.raises(TypeError, match=r"Older.prepare is called by the harness as prepare\(self, train\)"):

        class Older(Method):
            def prepare(self) -> None: ...  # type: ignore[override]


def test_a_stage_that_needs_whole_batches_splits_none() -> None:
    with pytest.raises(ValueError, match="stage 's': whole_batch and accumulate=2 contradict each other"):
        Stage("s", 1, 4, {}, whole_batch=True, accumulate=2)

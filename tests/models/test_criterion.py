"""The cross-entropy of a stage, against torch's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from harness.core.errors import HarnessError
from harness.core.recipe import Stage
from harness.models.criterion import Criterion


def some(size: int, classes: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    drawn = torch.Generator().manual_seed(size)
    return torch.randn(size, classes, generator=drawn), torch.randint(classes, (size,), generator=drawn)


def test_plain_is_torchs_to_the_bit() -> None:
    logits, labels = some(9)
    criterion = Criterion()
    assert not criterion.asked
    assert torch.equal(criterion(logits, labels, labels), F.cross_entropy(logits, labels))
    assert criterion.asked


@given(
    size=st.integers(1, 9),
    smoothing=st.sampled_from([0.0, 0.1, 0.9]),
    weights=st.lists(st.floats(0.01, 10), min_size=4, max_size=4),
)
def test_weights_and_smoothing_are_torchs(size: int, smoothing: float, weights: list[float]) -> None:
    logits, labels = some(size)
    found = Criterion(tuple(weights), smoothing)(logits, labels, labels)
    expected = F.cross_entropy(logits, labels, torch.tensor(weights), label_smoothing=smoothing)
    torch.testing.assert_close(found, expected)


@given(cut=st.integers(1, 8))
def test_parts_add_up_to_the_whole(cut: int) -> None:
    logits, labels = some(9)
    criterion = Criterion((0.1, 2.0, 1.0, 5.0), 0.1)
    first, rest = (criterion(logits[part], labels[part], labels) for part in (slice(cut), slice(cut, 9)))
    torch.testing.assert_close((first * cut + rest * (9 - cut)) / 9, criterion(logits, labels, labels))


def test_balanced_weights_follow_the_training_clips() -> None:
    """N / (C n_c), as in scikit-learn; 0 for a class that no clip is of, also where it is the last."""
    logits, labels = some(9)
    stage = Stage("s", 1, 8, {"head": 0.1}, class_weights="balanced")
    found = Criterion.of(stage, [0] * 6 + [2] * 2)(logits, labels, labels)
    torch.testing.assert_close(found, F.cross_entropy(logits, labels, torch.tensor([8 / 24, 0.0, 8 / 8, 0.0])))


@pytest.mark.parametrize("count", [3, 5])
def test_other_weights_than_classes_are_refused(count: int) -> None:
    logits, labels = some(9)
    with pytest.raises(HarnessError, match=f"class_weights has {count} weights, but there are 4 classes"):
        Criterion((1.0,) * count)(logits, labels, labels)


def test_fewer_logits_than_classes_are_refused() -> None:
    logits, labels = some(9, 3)
    with pytest.raises(HarnessError, match="forward returned 3 logits a clip, but clips have labels up to 3"):
        Criterion(labels=[0, 3])(logits, labels, labels)
    Criterion(labels=[0, 2])(logits, labels, labels)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_weights_follow_the_kind_of_the_logits(kind: Any) -> None:
    logits, labels = some(9)
    found = Criterion((1.0, 2.0, 3.0, 4.0))(logits.to(kind), labels, labels)
    assert found.dtype == (torch.float64 if kind == torch.float64 else torch.float32)

"""EC-STFL: both forms equal to loops over pairs, with gradients wherever features lie."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from harness.models import ec_stfl
from harness.models.clustering import Form

FORMS: tuple[Form, ...] = ("paper", "repository")


def paper(features: Tensor, labels: list[int]) -> float:
    """Eq. 9, pair by pair."""
    within = between = 0.0
    for x, y in zip(features, labels, strict=True):
        for other, label in zip(features, labels, strict=True):
            distance = float(((x - other) ** 2).sum()) ** 0.5
            if y == label:
                within += distance / labels.count(y)
            else:
                between += distance / labels.count(label)
    return within / between


def repository(features: Tensor, labels: list[int]) -> float:
    """The public code's form, clip by clip."""
    total = 0.0
    for x, y in zip(features, labels, strict=True):
        near = far = 0.0
        for other, label in zip(features, labels, strict=True):
            distance = float((x - other).abs().sum())
            near += distance * (y == label)
            far += (y != label) / (distance + 1e-6)
        others = len(labels) - labels.count(y)
        total += near / (labels.count(y) + 1e-6) * far / (others + 1 + 1e-6)
    return total / len(labels) ** 2


@pytest.mark.parametrize("labels", [[0, 1, 0, 2, 1, 0], [3, 3, 3, 3, 3, 1], [0, 1, 2, 3, 4, 5]])
def test_both_forms_equal_loops(labels: list[int]) -> None:
    torch.manual_seed(0)
    features = torch.randn(6, 5, dtype=torch.double)
    for form, slow in (("paper", paper), ("repository", repository)):
        found = ec_stfl(features, torch.tensor(labels), form)  # type: ignore[arg-type]
        assert found.item() == pytest.approx(slow(features, labels), rel=1e-12, abs=1e-12)


def test_a_batch_by_hand() -> None:
    """Two clips of a class 2 apart, one of another class 3 and 5 away: 2 * 2 / 2 over 8 / 1 + 8 / 2."""
    features = torch.tensor([[0.0, 0.0], [2.0, 0.0], [5.0, 0.0]])
    labels = torch.tensor([0, 0, 1])
    assert ec_stfl(features, labels).item() == pytest.approx(2 / 12)
    near = (1 * (1 / 5) + 1 * (1 / 3)) / 2  # a mean distance of 1, and one other clip
    assert ec_stfl(features, labels, "repository").item() == pytest.approx(near / 9, rel=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_the_order_of_clips_does_not_matter(form: Form) -> None:
    torch.manual_seed(1)
    features, labels, order = torch.rand(8, 4), torch.tensor([0, 1, 2, 0, 1, 2, 0, 0]), torch.randperm(8)
    torch.testing.assert_close(ec_stfl(features[order], labels[order], form), ec_stfl(features, labels, form))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("labels", [[0, 0, 1, 1], [2, 2, 2, 2], [0, 1, 2, 3], [5]])
def test_gradients_are_finite_where_features_coincide(form: Form, labels: list[int]) -> None:
    features = torch.ones(len(labels), 3, requires_grad=True)
    loss = ec_stfl(features, torch.tensor(labels), form)
    loss.backward()
    assert loss.item() == 0
    assert features.grad is not None
    assert features.grad.isfinite().all()


@pytest.mark.parametrize("form", FORMS)
def test_a_batch_of_one_class_costs_nothing(form: Form) -> None:
    features = torch.rand(5, 3, requires_grad=True)
    loss = ec_stfl(features, torch.full((5,), 4), form)
    loss.backward()
    assert loss.item() == 0
    assert not features.grad.any()  # type: ignore[union-attr]

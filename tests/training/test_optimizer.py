"""Which parameters move, at which rate, and by which rule."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from harness.core.errors import HarnessError
from harness.core.recipe import Stage
from harness.models.trainable import trained_names
from harness.training.optimizer import make_optimizer


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.ModuleDict(
        {
            "head": nn.Linear(3, 2),
            "header": nn.Linear(3, 2),
            "body": nn.ModuleDict({"first": nn.Linear(3, 3), "second": nn.Linear(3, 3)}),
        }
    )


def stage(lr: dict[str, float], **more: Any) -> Stage:
    return Stage("only", 1, 4, lr, **more)


def groups(net: nn.Module, given: Stage) -> dict[str, set[str]]:
    names = {id(p): name for name, p in net.named_parameters()}
    return {
        f"{group['name']} {group['lr']} {group['weight_decay']}": {names[id(p)] for p in group["params"]}
        for group in make_optimizer(net, given).param_groups
    }


def moving(net: nn.Module) -> set[str]:
    return {name for name, p in net.named_parameters() if p.requires_grad}


def test_a_prefix_is_whole_names() -> None:
    net = model()
    assert groups(net, stage({"head": 0.1})) == {"head 0.1 0.0": {"head.weight", "head.bias"}}
    assert moving(net) == {"head.weight", "head.bias"}


def test_the_longest_prefix_wins_in_whatever_order() -> None:
    rest = {"body.second.weight", "body.second.bias", "body.first.bias"}
    for lr in ({"body": 0.1, "body.first.weight": 0.2}, {"body.first.weight": 0.2, "body": 0.1}):
        net = model()
        assert groups(net, stage(lr)) == {"body 0.1 0.0": rest, "body.first.weight 0.2 0.0": {"body.first.weight"}}
        assert moving(net) == {*rest, "body.first.weight"}


def test_an_unknown_prefix_is_an_error_that_names_the_closest() -> None:
    with pytest.raises(HarnessError, match=r"stage 'only': no parameter under 'hed\.weight'; .*'head\.weight'"):
        make_optimizer(model(), stage({"hed.weight": 0.1}))
    with pytest.raises(HarnessError, match="'bod'"):
        make_optimizer(model(), stage({"bod": 0.1}))


def test_a_prefix_left_without_parameters_by_longer_ones_is_an_error() -> None:
    with pytest.raises(HarnessError, match="'head'"):
        make_optimizer(model(), stage({"head": 0.1, "head.weight": 0.2, "head.bias": 0.3}))


def test_vectors_may_be_spared_from_decay() -> None:
    assert groups(model(), stage({"head": 0.1}, weight_decay=0.5, decay_vectors=False)) == {
        "head 0.1 0.5": {"head.weight"},
        "head 0.1 0.0": {"head.bias"},
    }
    assert groups(model(), stage({"head": 0.1}, weight_decay=0.5)) == {"head 0.1 0.5": {"head.weight", "head.bias"}}
    only = stage({"head.bias": 0.1}, weight_decay=0.5, decay_vectors=False)
    assert groups(model(), only) == {"head.bias 0.1 0.0": {"head.bias"}}


def test_the_next_stage_freezes_what_the_last_one_moved() -> None:
    net = model()
    make_optimizer(net, stage({"head": 0.1}))
    make_optimizer(net, stage({"body.second": 0.1}))
    assert moving(net) == {"body.second.weight", "body.second.bias"}


def test_trained_names_are_those_of_any_stage() -> None:
    stages = [stage({"head": 0.1}), stage({"body.second.bias": 0.1})]
    assert trained_names(model(), stages) == ["head.weight", "head.bias", "body.second.bias"]
    assert trained_names(model(), []) == []


def sgd(values: list[float], gradients: list[list[float]], lr: float, momentum: float, decay: float) -> list[float]:
    """The textbook's, number by number."""
    speed = [0.0] * len(values)
    for gradient in gradients:
        for i, g in enumerate(gradient):
            speed[i] = momentum * speed[i] + g + decay * values[i]
            values[i] -= lr * speed[i]
    return values


def adamw(
    values: list[float], gradients: list[list[float]], lr: float, betas: tuple[float, float], decay: float
) -> Any:
    """Algorithm 2 of the AdamW paper, number by number."""
    first, second = [0.0] * len(values), [0.0] * len(values)
    for t, gradient in enumerate(gradients, 1):
        for i, g in enumerate(gradient):
            first[i] = betas[0] * first[i] + (1 - betas[0]) * g
            second[i] = betas[1] * second[i] + (1 - betas[1]) * g * g
            ratio = (first[i] / (1 - betas[0] ** t)) / (math.sqrt(second[i] / (1 - betas[1] ** t)) + 1e-8)
            values[i] -= lr * decay * values[i] + lr * ratio
    return values


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_steps_equal_a_slow_reference(kind: Any) -> None:
    net = nn.Module()
    net.weight = nn.Parameter(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
    gradients = [[0.3, -0.1, 2.0], [0.0, 0.4, -1.0], [-5.0, 0.2, 0.1], [1.0, 1.0, 1.0]]
    given = stage({"weight": 0.05}, optimizer=kind, momentum=0.8, betas=(0.7, 0.95), weight_decay=0.1)
    optimizer = make_optimizer(net, given)
    for gradient in gradients:
        net.weight.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
    start = [1.0, -2.0, 0.5]
    if kind == "sgd":
        expected = sgd(start, gradients, 0.05, 0.8, 0.1)
    else:
        expected = adamw(start, gradients, 0.05, (0.7, 0.95), 0.1)
    assert net.weight.tolist() == pytest.approx(expected, rel=1e-12)

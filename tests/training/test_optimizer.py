"""Which parameters move, at which rate, and by which rule."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from harness.core.errors import HarnessError
from harness.core.recipe import Stage, layer_decay
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


def adam(
    values: list[float], gradients: list[list[float]], lr: float, betas: tuple[float, float], decay: float
) -> list[float]:
    """Adam with L2: the decay is a part of the gradient, and so of both moments."""
    values = list(values)
    first, second = [0.0] * len(values), [0.0] * len(values)
    for t, gradient in enumerate(gradients, 1):
        for i, g in enumerate(gradient):
            whole = g + decay * values[i]
            first[i] = betas[0] * first[i] + (1 - betas[0]) * whole
            second[i] = betas[1] * second[i] + (1 - betas[1]) * whole * whole
            values[i] -= lr * (first[i] / (1 - betas[0] ** t)) / (math.sqrt(second[i] / (1 - betas[1] ** t)) + 1e-8)
    return values


@pytest.mark.parametrize("kind", ["sgd", "adam", "adamw"])
def test_steps_equal_a_slow_reference(kind: Any) -> None:
    net = nn.Module()
    net.weight = nn.Parameter(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
    gradients = [[0.3, -0.1, 2.0], [0.0, 0.4, -1.0], [-5.0, 0.2, 0.1], [1.0, 1.0, 1.0]]
    own = {"momentum": 0.8} if kind == "sgd" else {"betas": (0.7, 0.95)}
    given = stage({"weight": 0.05}, optimizer=kind, weight_decay=0.1, **own)
    optimizer = make_optimizer(net, given)
    for gradient in gradients:
        net.weight.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
    start = [1.0, -2.0, 0.5]
    if kind == "sgd":
        expected = sgd(start, gradients, 0.05, 0.8, 0.1)
    else:
        expected = (adam if kind == "adam" else adamw)(start, gradients, 0.05, (0.7, 0.95), 0.1)
    assert net.weight.tolist() == pytest.approx(expected, rel=1e-12)


def test_no_name_stands_for_everything_that_no_other_key_takes() -> None:
    net = model()
    rest = {"header.weight", "header.bias", "body.second.weight", "body.second.bias"}
    rest |= {"body.first.weight", "body.first.bias"}
    assert groups(net, stage({"": 0.1, "head": 0.2})) == {
        " 0.1 0.0": rest,
        "head 0.2 0.0": {"head.weight", "head.bias"},
    }
    assert moving(net) == {name for name, _ in net.named_parameters()}


def test_what_feeds_a_method_is_not_part_of_everything() -> None:
    net = model()
    net.add_module("encoder", nn.Linear(3, 3))
    make_optimizer(net, stage({"": 0.1, "*.bias": 0.2}))
    assert moving(net) == {name for name, _ in model().named_parameters()}
    assert groups(net, stage({"encoder": 0.1})).keys() == {"encoder 0.1 0.0"}  # refused by who knows what it is


def test_a_pattern_comes_before_a_name_however_long() -> None:
    found = groups(model(), stage({"body.second": 0.1, "*.bias": 0.2}))
    biases = {"head.bias", "header.bias", "body.first.bias", "body.second.bias"}
    assert found == {"body.second 0.1 0.0": {"body.second.weight"}, "*.bias 0.2 0.0": biases}


def test_a_pattern_of_a_module_takes_what_lies_below_it() -> None:
    found = groups(model(), stage({"body.*": 0.1}))
    assert found == {"body.* 0.1 0.0": {f"body.{n}.{w}" for n in ("first", "second") for w in ("weight", "bias")}}
    assert groups(model(), stage({"*.first": 0.1})) == {"*.first 0.1 0.0": {"body.first.weight", "body.first.bias"}}


def test_two_patterns_for_one_parameter_are_refused() -> None:
    with pytest.raises(HarnessError, match=r"'\*\.bias' and 'body\.\*' both fit parameter 'body\.first\.bias'"):
        make_optimizer(model(), stage({"*.bias": 0.1, "body.*": 0.2}))


def test_a_key_whose_parameters_are_all_under_others_is_refused() -> None:
    with pytest.raises(HarnessError, match="no parameter under 'head'; what it fits is all under other keys"):
        make_optimizer(model(), stage({"head": 0.1, "head.weight": 0.2, "head.bias": 0.3}))


def test_a_stage_that_names_nothing_is_refused() -> None:
    with pytest.raises(HarnessError, match="stage 'only': lr is empty"):
        make_optimizer(model(), stage({}))


def test_a_callable_makes_the_optimizer_of_the_groups() -> None:
    net = model()

    def rprop(parts: Any) -> torch.optim.Optimizer:
        return torch.optim.Rprop([{**part, "weight_decay": 0} for part in parts], etas=(0.4, 1.3))

    made = make_optimizer(net, stage({"head": 0.1, "body": 0.2}, optimizer=rprop))
    assert isinstance(made, torch.optim.Rprop)
    assert [(group["name"], group["base_lr"], group["lr"]) for group in made.param_groups] == [
        ("head", 0.1, 0.1), ("body", 0.2, 0.2)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda parts: None, "its optimizer is a NoneType; it has to be a torch.optim.Optimizer"),
        (lambda parts: torch.optim.SGD(parts[:1], lr=0.1), "other parameter groups"),
        (lambda parts: torch.optim.SGD(parts[0]["params"], lr=0.1), "other parameter groups"),
        (
            lambda parts: torch.optim.SGD([p for part in parts for p in part["params"]], lr=0.1),
            "other parameter groups",
        ),
        (lambda parts: torch.optim.SGD([{**part, "base_lr": 1.0} for part in parts], lr=0.1), "other parameter groups"),
        (
            lambda parts: torch.optim.SGD([{**part, "params": part["params"][:1]} for part in parts], lr=0.1),
            "other parameter groups",
        ),
    ],
)
def test_a_callable_that_makes_something_else_is_refused(make: Any, told: str) -> None:
    with pytest.raises(HarnessError, match=f"stage 'only': .*{told}"):
        make_optimizer(model(), stage({"head": 0.1, "body": 0.2}, optimizer=make))


def test_rates_fall_with_depth_as_in_mae() -> None:
    """MAE-DFER's: .75^(17 - id), patch embedding 0, block i at i + 1."""
    blocks = [f"body.blocks.{i}" for i in range(16)]
    rates = layer_decay(3.75e-4, 0.75, [("body.patch_embed", "body.position"), *blocks, ("body.norm", "head")])
    assert rates["body.patch_embed"] == rates["body.position"] == pytest.approx(3.75e-4 * 0.0075169, rel=1e-4)
    assert rates["body.blocks.15"] == pytest.approx(3.75e-4 * 0.75)
    assert rates["head"] == rates["body.norm"] == 3.75e-4
    assert groups(model(), stage(layer_decay(1.0, 0.5, ["body.first", "body.second", "head"]))).keys() == {
        "body.first 0.25 0.0", "body.second 0.5 0.0", "head 1.0 0.0"
    }  # fmt: skip

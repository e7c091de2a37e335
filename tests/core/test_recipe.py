"""What a stage may declare."""

from __future__ import annotations

import re
from typing import Any

import pytest

from harness.core.recipe import Stage, equal_macs, layer_decay


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"optimizer": "adma"}, "optimizer='adma' is none of 'sgd', 'adam', 'adamw'"),
        ({"optimizer": "adamw", "momentum": 0.8}, "momentum=0.8 is read with optimizer='sgd' only"),
        ({"betas": (0.9, 0.98)}, "betas=(0.9, 0.98) is read with optimizer='adam' or 'adamw' only"),
        ({"optimizer": print, "momentum": 0.8}, "momentum=0.8"),
        ({"sampling": "balance"}, "sampling='balance'"),
        ({"precision": "fp16"}, "precision='fp16'"),
        ({"epochs": -1}, "epochs=-1"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"accumulate": 0}, "accumulate=0"),
        ({"accumulate": 2, "whole_batch": True}, "contradict"),
        ({"label_smoothing": 1.0}, "label_smoothing=1.0"),
        ({"label_smoothing": -0.1}, "label_smoothing=-0.1"),
        ({"mixup": -1.0}, "mixup=-1.0"),
        ({"class_weights": "balance"}, "class_weights='balance' is none of 'balanced'"),
        ({"class_weights": (1.0, -1.0)}, "class_weights=(1.0, -1.0)"),
        ({"class_weights": (1.0, float("nan"))}, "class_weights"),
    ],
)
def test_what_does_not_fit_is_refused(more: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=f"stage 's': .*{re.escape(told)}"):
        Stage(**{"name": "s", "epochs": 1, "batch_size": 4, "lr": {"head": 0.1}, **more})


def test_what_is_declared_of_the_loss_is_told() -> None:
    assert Stage("s", 1, 4, {"": 0.1}).loss_options == []
    declared = Stage("s", 1, 4, {"": 0.1}, mixup=0.2, class_weights=(1.0, 2.0), label_smoothing=0.1)
    assert declared.loss_options == ["class_weights", "label_smoothing", "mixup"]


def test_layers_learn_slower_the_nearer_they_are_to_the_input() -> None:
    assert layer_decay(1.0, 0.5, ["a", ("b", "c"), "d"]) == {"a": 0.25, "b": 0.5, "c": 0.5, "d": 1.0}


@pytest.mark.parametrize(
    ("gflops", "epochs"),
    [(9.157, 100), (38.547, 24), (40.696, 23), (6.983, 131), (8.308, 110), (43.191, 21), (1e6, 1)],
)
def test_equal_cost_is_a_share_of_epochs(gflops: float, epochs: int) -> None:
    """Of Former-DFER, C3D, R3D18, I3D, Hara's 3D ResNet18 and M3DFEL, and of something that no budget pays."""
    assert equal_macs(gflops) == epochs

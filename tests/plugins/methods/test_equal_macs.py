"""`equal-macs`: what each network's recipe says that it costs is what is counted."""

from __future__ import annotations

from typing import Any

import pytest

from harness.core.recipe import EQUAL_MACS
from harness.cost.table import architecture, rows
from harness.planning.choose import class_names
from harness.plugin import registry

TWO_STAGES = "aen"  # whose first one trains another network
NAMES = [name for name, spec in registry.methods().items() if "equal-macs" in spec.recipes]


def test_networks_have_it() -> None:
    assert set(NAMES) >= {"former-dfer", "ial", "est", "r3d18", "vgg13-lstm"}
    assert registry.methods()["former-dfer"].recipe("equal-macs")["epochs"] == 100


@pytest.mark.parametrize("name", NAMES)
def test_it_is_scratch_112_but_for_epochs(name: str) -> None:
    spec = registry.methods()[name]
    alike, equal = spec.recipe("scratch-112"), spec.recipe("equal-macs")
    assert {key for key in {**alike, **equal} if alike.get(key) != equal.get(key)} <= {
        "epochs",
        "step_epochs",
        *(["static_epochs"] if name == TWO_STAGES else []),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name != TWO_STAGES])
def test_all_epochs_together_cost_what_former_dfer_costs(name: str) -> None:
    row = counted(name)
    epochs = registry.methods()[name].recipe("equal-macs")["epochs"]
    assert abs(epochs * row["gflops"] - EQUAL_MACS) <= row["gflops"] / 2 * 1.01


@pytest.mark.slow
def test_both_stages_of_aen_together_train_for_what_former_dfer_trains_for() -> None:
    equal, alike = (registry.methods()[TWO_STAGES].recipe(name) for name in ("equal-macs", "scratch-112"))
    static = registry.methods()[TWO_STAGES].settle(alike)[0]["static_epochs"]
    assert equal["epochs"] / equal["static_epochs"] == alike["epochs"] / static
    own, reference = (counted(name)["gflops_trained"] for name in (TWO_STAGES, "former-dfer"))
    assert abs(own - reference) <= own / equal["epochs"] / 2 * 1.01


def counted(name: str) -> dict[str, Any]:
    """What a network costs by its recipe."""
    spec = registry.methods()[name]
    (row,) = rows(
        [(spec, *spec.settle(spec.recipe("equal-macs")))],
        architecture("none"),
        "fvcore",
        class_names(7),
    )
    assert isinstance(row, dict), row
    return row

"""`equal-macs`: what each network's recipe says that it costs is what is counted."""

from __future__ import annotations

import pytest

from harness.core.recipe import EQUAL_MACS
from harness.cost.table import architecture, rows
from harness.planning.choose import class_names
from harness.plugin import registry

NAMES = [name for name, spec in registry.methods().items() if "equal-macs" in spec.recipes]


def test_networks_have_it() -> None:
    assert set(NAMES) >= {"former-dfer", "ial", "est", "r3d18", "vgg13-lstm"}
    assert registry.methods()["former-dfer"].recipe("equal-macs")["epochs"] == 100


@pytest.mark.parametrize("name", NAMES)
def test_it_is_scratch_112_but_for_epochs(name: str) -> None:
    spec = registry.methods()[name]
    alike, equal = spec.recipe("scratch-112"), spec.recipe("equal-macs")
    assert {key for key in {**alike, **equal} if alike.get(key) != equal.get(key)} <= {"epochs", "step_epochs"}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_all_epochs_together_cost_what_former_dfer_costs(name: str) -> None:
    spec = registry.methods()[name]
    (row,) = rows(
        [(spec, *spec.settle(spec.recipe("equal-macs")))],
        architecture("none"),
        "fvcore",
        class_names(7),
    )
    assert isinstance(row, dict), row
    epochs = spec.recipe("equal-macs")["epochs"]
    assert abs(epochs * row["gflops"] - EQUAL_MACS) <= row["gflops"] / 2 * 1.01

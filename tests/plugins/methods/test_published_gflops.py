"""Printed counts of multiply-adds: `leaderboards/published/gflops.csv` against the networks that they belong to."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from harness.cost.table import architecture, rows
from harness.planning.choose import class_names, settled
from harness.plugin import registry

FILE = Path(__file__).parents[3] / "leaderboards" / "published" / "gflops.csv"
LINES = {line["row"]: line for line in csv.DictReader(FILE.read_text().splitlines())}
OF_PAPER = [row for row, line in LINES.items() if line["table"].startswith("Former-DFER")]
ROUNDED = "3D ResNet18"
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "C3D": ("c3d", {}),
    "R(2+1)D18": ("r2plus1d18", {"arch": "factorised-shortcut"}),
    "I3D-RGB": ("i3d", {"input.size": 112}),
    "3D ResNet18": ("r3d18", {"arch": "hara"}),
    "VGG11+LSTM": ("vgg13-lstm", {"trunk": "vgg11", "features": 512, "hidden": 128}),
    "ResNet18+LSTM": ("resnet18-lstm", {}),
    "ResNet18+GRU": ("resnet18-lstm", {"cell": "gru"}),
    "ResNet34+GRU": ("resnet18-lstm", {"trunk": "resnet34", "cell": "gru"}),
    "ResNet18+T-Former": ("resnet18-vit", {}),
}


def counted(row: str) -> float:
    method, options = NETWORKS[row]
    if method not in registry.methods():
        pytest.skip(f"{method} is not there")
    (found,) = rows(settled([method], {method: options}), architecture("none"), "thop", class_names(7))
    assert isinstance(found, dict), found
    return float(found["gflops"])


@pytest.mark.slow
@pytest.mark.parametrize("row", NETWORKS)
def test_the_network_that_a_printed_count_belongs_to_gives_it(row: str) -> None:
    assert counted(row) == pytest.approx(float(LINES[row]["counted"]), abs=5e-5)


def test_sixteen_of_seventeen_come_out_cut_and_the_other_is_said_not_to() -> None:
    assert len(OF_PAPER) == 17
    cut = [row for row in OF_PAPER if int(float(LINES[row]["counted"]) * 100) / 100 == float(LINES[row]["printed"])]
    assert set(OF_PAPER) - set(cut) == {ROUNDED}
    assert [row for row in OF_PAPER if LINES[row]["note"].startswith("not reproduced")] == [ROUNDED]

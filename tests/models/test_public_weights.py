"""Public weights of a trunk alone, put into a method that has more."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness import PublicKeys
from harness.core.errors import BadOption
from harness.core.weights_spec import AUTHORS, PRETRAINED
from harness.models.public_weights import GivenWeights

KEYS = PublicKeys(head=("head",), behind=("time", "query"))
WHOLE = {"trunk.conv": 1.0, "time.cells": 2.0, "query": 3.0, "head.weight": 4.0}


def put(tmp_path: Path, *names: str, kind: str = PRETRAINED) -> dict[str, float]:
    """What a method holds after a file with these of the names, which all held 0 before."""
    torch.save({name: torch.tensor([WHOLE[name]]) for name in names}, tmp_path / "file.pth")
    own = {name: torch.zeros(1) for name in WHOLE}
    GivenWeights(kind, tmp_path / "file.pth").put_into(own, KEYS, "mine")
    return {name: value.item() for name, value in own.items()}


def test_what_is_behind_the_trunk_is_taken_or_left_as_a_whole(tmp_path: Path) -> None:
    drawn = dict.fromkeys(WHOLE, 0.0)
    assert put(tmp_path, "trunk.conv") == {**drawn, "trunk.conv": 1.0}
    assert put(tmp_path, *WHOLE) == {**WHOLE, "head.weight": 0.0}
    with pytest.raises(BadOption, match="missing keys query"):
        put(tmp_path, "trunk.conv", "time.cells")
    with pytest.raises(BadOption, match=r"missing keys trunk\.conv"):
        put(tmp_path, "head.weight")


def test_a_trained_network_lacks_nothing(tmp_path: Path) -> None:
    assert put(tmp_path, *WHOLE, kind=AUTHORS) == WHOLE
    with pytest.raises(BadOption, match=r"missing keys head\.weight, query, time\.cells"):
        put(tmp_path, "trunk.conv", kind=AUTHORS)

"""Clips that methods miss together, on the page of their dataset."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from harness.leaderboard import load
from harness.leaderboard.site import publish
from harness.leaderboard.site.clips import hard_clips
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet

CLIPS = 50


def plant(root: Path, methods: int) -> Planted:
    """Methods that name clips 0 to 4 wrongly and the rest rightly."""
    planted, on = Planted(root), TestSet("ferv39k", "1", clips=CLIPS)
    named = on.labels["1"].copy()
    named[:5] = (named[:5] + 1) % 7
    for number in range(methods):
        logits = np.random.default_rng(number).normal(0, 0.1, (CLIPS, 7)).astype(np.float32)
        logits[np.arange(CLIPS), named] += 3
        planted.add(f"m{number}", "1", 1, logits, on=on)
    return planted


def test_the_page_names_the_clips_that_no_method_gets_right(tmp_path: Path) -> None:
    planted = plant(tmp_path / "runs", 3)
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    (section,) = board.sections["ferv39k", False]
    found = hard_clips(board, section, None)
    assert found is not None
    assert (found["never"], found["clips"], found["methods"], found["agreement"]) == (5, CLIPS, 3, 1.0)
    assert {line["id"] for line in found["lines"][:5]} == {f"1-{number:05d}" for number in range(5)}
    assert sum(part.never for part in found["parts"]["Class"]) == 5
    page = (publish(board, tmp_path / "site", registry.metrics(), []).parent / "d-ferv39k.html").read_text()
    assert "5 of 50 clips are named rightly by no seed of 3 methods" in page
    assert re.search(r'<th scope="row">1-0000[0-4]</th>', page)
    assert "<img" not in page


def test_one_method_alone_has_no_hard_clips(tmp_path: Path) -> None:
    planted = plant(tmp_path / "runs", 1)
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    assert hard_clips(board, board.sections["ferv39k", False][0], None) is None

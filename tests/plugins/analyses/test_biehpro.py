"""The paper's figures from real runs on the toy dataset."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from helpers.commands import TOY, Bench, Invoke


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of t-SNE on a dozen clips
def test_each_figure_is_drawn(toy_bench: Bench, invoke: Invoke, toy_root: Path, tmp_path: Path) -> None:
    short = {"epochs": 1, "batch_size": 6, "input.frames": 4, "input.augmentation": []}
    toy_bench(methods="biehpro,biehpro-baseline", save_weights=True, set={"biehpro": short, "biehpro-baseline": short})
    found = {"similarity-histograms": 1, "attention-maps": 3, "tsne": 2}
    for name, count in found.items():
        out = tmp_path / name
        answer = invoke("analyze", name, "--runs", tmp_path / "runs", "--out", out, "--plugin", TOY,
                        "--backbone", "tiny", "--data-root", toy_root, "--json")  # fmt: skip
        assert answer.code == 0, answer.err
        json.loads(answer.out)
        pictures = sorted(out.rglob("*.png"))
        assert len(pictures) == count
        assert all(min(Image.open(picture).size) > 100 for picture in pictures)

"""The analyses that ship, on finished runs of the toy dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from harness.analysis.finished import FinishedRun
from harness.analysis.run_analysis import run_analysis
from harness.analysis.select import RunPlaces, RunSelection, choose, context_of
from harness.core.errors import HarnessError
from harness.plugin.specs import AnalysisSpec
from harness.results.store import Store
from harness_plugins.analyses import frame_order, vocabulary
from helpers import bench
from helpers.towers import tokenizer


def run_on(root: Path, out: Path, name: str, methods: str, *overrides: str) -> Path:
    """Bench methods with stored weights, analyse them all, and return the folder written to."""
    runs = out / "runs"
    bench.run(
        bench.plan(
            root, runs, methods, save_weights=True, set={"a3lign": {"input.frames": 4}, "coop": {"input.frames": 4}}
        )
    )
    files = run_analysis(name, RunPlaces(runs, root), out / "analyses", RunSelection(), overrides)
    assert all(path.is_file() for path in files)
    return out / "analyses" / name


def first_run(root: Path, runs: Path) -> FinishedRun:
    (result, *_) = choose(AnalysisSpec("any", "x:y"), Store(runs), RunSelection())
    return FinishedRun(result, context_of(result, RunPlaces(runs, root)))


@pytest.mark.slow
def test_averaging_methods_do_not_feel_the_order_of_frames(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    folder = run_on(toy_root, tmp_path, "frame-order", "coop,zero-shot-clip,a3lign")
    found = pd.read_parquet(folder / "frame-order.parquet").set_index(["method", "order"])
    assert len(found) == 3 * 4
    for method in ("coop", "zero-shot-clip"):
        for order in ("shuffled", "reversed"):
            row = found.loc[(method, order)]
            assert [row[f"{m}_{part}"] for m in ("war", "uar") for part in ("change", "low", "high")] == [0.0] * 6
    clips = pd.read_parquet(folder / "predictions.parquet")
    stored = first_run(toy_root, tmp_path / "runs")
    own = clips[clips["method"] == stored.job.row]
    words = np.array(stored.job.protocol.classes)
    assert words[own["normal"]].tolist() == stored.predictions["prediction"].tolist()
    assert "| toy " in (folder / "frame-order.md").read_text()


def test_changes_against_counts_by_hand() -> None:
    frame = pd.DataFrame(
        {
            "sample_id": list("abcdef"), "label": [0, 0, 0, 0, 1, 1],
            "normal": [0, 0, 0, 0, 1, 1], "shuffled": [0, 0, 0, 1, 1, 0],
            "reversed": [0, 0, 0, 0, 1, 1], "repeated": [1, 1, 1, 1, 0, 0],
        }
    )  # fmt: skip
    none = dict.fromkeys((f"{order}_pair" for order in frame_order.ORDERS), np.nan)
    frame = frame.assign(**none)
    rows = {row["order"]: row for row in frame_order.changes(frame, frame_order.Options(resamples=400))}
    assert rows["shuffled"]["war_change"] == pytest.approx(-100 * 2 / 6)
    assert rows["shuffled"]["uar_change"] == pytest.approx(100 * ((0.75 + 0.5) / 2 - 1))
    assert rows["shuffled"]["war_low"] < rows["shuffled"]["war_change"] < rows["shuffled"]["war_high"] <= 0
    assert (rows["repeated"]["war"], rows["repeated"]["war_change"]) == (0.0, -100.0)
    assert rows["reversed"]["uar_low"] == rows["reversed"]["uar_high"] == 0.0
    assert "pairs" not in rows["normal"]
    frame.loc[2:5, list(none)] = [[1, 1, 0, 1], [1, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 1]]
    rows = {row["order"]: row for row in frame_order.changes(frame, frame_order.Options(resamples=400))}
    assert [rows[order]["pairs"] for order in frame_order.ORDERS] == [75.0, 25.0, 0.0, 75.0]
    assert rows["shuffled"]["pairs_change"] == -50.0


def test_a_clip_is_told_from_the_other_class_of_its_pair_alone() -> None:
    logits = np.array([[1.0, 2.0, 9.0], [1.0, 2.0, 9.0], [3.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
    told = frame_order.told_apart(logits, np.array([0, 1, 0, 2]), {0: 1, 1: 0})
    np.testing.assert_array_equal(told, [0.0, 1.0, 1.0, np.nan])


def test_each_clip_is_shuffled_in_its_own_way_whatever_its_batch() -> None:
    class Plain:
        samples = tuple(type("S", (), {"id": f"c{n}"}) for n in range(4))

        def batches(self, rows, epoch, device):  # type: ignore[no-untyped-def]
            for batch in rows:
                yield torch.arange(8).expand(len(batch), 8)[..., None], torch.zeros(len(batch))

    def seen(order: str, rows: list[list[int]]) -> torch.Tensor:
        given = frame_order.Reordered(Plain(), order, 0)  # type: ignore[arg-type]
        return torch.cat([x for x, _ in given.batches(rows, 0, torch.device("cpu"))])[..., 0]

    shuffled = seen("shuffled", [[0, 1, 2, 3]])
    assert torch.equal(shuffled, seen("shuffled", [[0], [1, 2], [3]]))
    assert len({tuple(row) for row in shuffled.tolist()}) == 4
    assert torch.equal(shuffled.sort(1).values, seen("normal", [[0, 1, 2, 3]]))
    assert torch.equal(seen("reversed", [[0]])[0], torch.arange(8).flip(0))
    assert torch.equal(seen("repeated", [[0]])[0], torch.full((8,), 4))


def test_words_near_the_tokens_are_named(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    folder = run_on(toy_root, tmp_path, "vocabulary", "a3lign", "vocabulary.top=5")
    found = pd.read_parquet(folder / "vocabulary.parquet")
    assert found["class"].tolist() == [name for name in ("left", "middle", "right") for _ in range(5)]
    assert found["rank"].tolist() == [1, 2, 3, 4, 5] * 3
    assert found["word"].str.fullmatch("[a-z]+").all()
    run = first_run(toy_root, tmp_path / "runs")
    table = run.backbone.text_tower.token_embedding.weight
    token = tokenizer().encode("happy")[0]
    with torch.no_grad():
        run.method.mat.tokens[1, 0, 1] = 3 * table[token]  # type: ignore[union-attr, index]
    best = next(row for row in vocabulary.nearest(run, vocabulary.Options(top=1)) if row["class"] == "middle")
    assert (best["word"], best["sentence"], best["token"]) == ("happy", 0, 1)
    assert best["similarity"] == pytest.approx(1.0, abs=1e-5)


def test_pieces_and_special_tokens_can_be_kept() -> None:
    words = vocabulary.spelt(tokenizer(), vocabulary.Options())
    everything = vocabulary.spelt(tokenizer(), vocabulary.Options(whole_words=False))
    assert len(everything) == 49408
    assert 0 < len(words) < len(everything)
    assert not {49406, 49407} & set(words)
    with pytest.raises(HarnessError, match="not CLIP's"):
        vocabulary.spelt(object(), vocabulary.Options())


def test_tsne_draws_and_keeps_the_coordinates(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    folder = run_on(toy_root, tmp_path, "tsne", "a3lign")
    (picture,), (table,) = folder.glob("*.png"), folder.glob("*.parquet")
    with Image.open(picture) as image:
        assert image.size[0] > 600
    found = pd.read_parquet(table)
    assert found.groupby(["time", "kind"]).size().to_dict() == {
        ("after", "text"): 3, ("after", "video"): 12, ("before", "text"): 3, ("before", "video"): 12,
    }  # fmt: skip
    assert np.isfinite(found[["x", "y"]].to_numpy()).all()


def test_tsne_says_what_it_cannot_draw(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="linear has no features of clips and classes in one space"):
        run_on(toy_root, tmp_path, "tsne", "linear")

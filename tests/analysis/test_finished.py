"""A finished run brought back predicts what it predicted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.analysis.finished import FinishedRun
from harness.analysis.select import RunPlaces, RunSelection, backbone_request, choose, context_of
from harness.core.errors import BadData, HarnessError
from harness.jobs import load
from harness.plugin import registry
from harness.plugin.specs import AnalysisSpec
from harness.results.store import Store
from harness.training.predict import predict
from helpers import bench, spoiler
from helpers.commands import forget

SPEC = AnalysisSpec("any", "nowhere:f")


def finished(root: Path | None, runs: Path, backbone: str | None = None) -> list[FinishedRun]:
    results = choose(SPEC, Store(runs), RunSelection())
    return [FinishedRun(result, context_of(result, RunPlaces(runs, root, backbone=backbone))) for result in results]


def ran(root: Path, runs: Path, methods: str = "coop", **flags: Any) -> FinishedRun:
    bench.run(bench.plan(root, runs, methods, **{"save_weights": True, **flags}))
    return finished(root, runs)[0]


@pytest.mark.parametrize("method", ["coop", "cocoop", "a3lign", "zero-shot-clip", "linear"])
def test_it_predicts_what_it_predicted(method: str, toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    run = ran(toy_root, tmp_path / "runs", method)
    stored = run.predictions
    assert [sample.id for sample in run.samples] == stored["sample_id"].tolist()
    assert [run.dataset.spec.class_names[label] for label in run.labels] == stored["label"].tolist()
    assert np.array_equal(predict(run.method, run.inputs, run.device), bench.logits(stored))
    assert not any(p.requires_grad for p in run.method.parameters())
    assert not any(p.requires_grad for p in run.untrained.parameters())


def test_running_means_are_stored_and_come_back(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    registry.plugins().add_file(Path(spoiler.__file__))
    try:
        run = ran(toy_root, tmp_path / "runs", "normed")
        assert np.array_equal(predict(run.method, run.inputs, run.device), bench.logits(run.predictions))
        assert run.method.norm.num_batches_tracked.item() > 0  # type: ignore[union-attr, operator]
    finally:
        forget("spoiler")


def test_untrained_is_as_it_was_before_training(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    run = ran(toy_root, tmp_path / "runs", set={"coop": {"epochs": 0}})
    moved = ran(toy_root, tmp_path / "more")
    start = run.untrained.prompts.context  # type: ignore[union-attr]
    assert start.equal(run.method.prompts.context)  # type: ignore[union-attr]
    assert start.equal(moved.untrained.prompts.context)  # type: ignore[union-attr]
    assert not start.equal(moved.method.prompts.context)  # type: ignore[union-attr]


def test_without_stored_weights(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    run = ran(toy_root, tmp_path / "runs", save_weights=False)
    with pytest.raises(HarnessError, match="made without --save-weights; run it again with --save-weights --force"):
        _ = run.method


@pytest.mark.parametrize(("content", "message"), [(b"rubbish", "cannot be read"), (None, "does not fit")])
def test_spoilt_weights(content: bytes | None, message: str, toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    run = ran(toy_root, tmp_path / "runs")
    other = ran(toy_root, tmp_path / "other", set={"coop": {"context_tokens": 5}})
    file = run.folder / "weights.safetensors"
    file.write_bytes(content or (other.folder / file.name).read_bytes())
    with pytest.raises(HarnessError, match=message):
        _ = run.method


def test_other_data_other_weights_and_an_edited_result(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    run = ran(toy_root, tmp_path / "runs")
    with pytest.raises(HarnessError, match=r"made with tiny:random .* not with demo"):
        _ = finished(toy_root, tmp_path / "runs", "demo")[0].backbone
    with pytest.raises(HarnessError, match="where is Toy"):
        _ = finished(None, tmp_path / "runs")[0].dataset
    path = run.folder / "result.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "seed": 9}))
    with pytest.raises(HarnessError, match="was edited"):
        finished(toy_root, tmp_path / "runs")
    (toy_root / "TOY" / "clips" / "000" / "1.jpg").unlink()
    load.forget_datasets()  # as in a new process
    with pytest.raises(BadData, match="not made with the data in"):
        _ = run.dataset


@pytest.mark.parametrize(
    ("name", "weights", "request_"),
    [("demo", "bundled", "demo"), ("B", "random", "B:random"), ("B", "openai", "B:openai"), ("B", "f.pt", "B:f.pt")],
)
def test_a_backbone_is_asked_for_as_it_was(name: str, weights: str, request_: str) -> None:
    assert backbone_request({"name": name, "weights": weights}) == request_


def test_what_is_wanted() -> None:
    result = {"method": "coop", "variant": "v", "dataset": "toy", "fold": "1", "seed": 2}
    for fits in ({}, {"methods": "a,coop"}, {"methods": "v"}, {"folds": "1", "seeds": "2"}, {"datasets": "all"}):
        assert RunSelection.parse(**fits).fits(result), fits
    for fails in ({"methods": "a"}, {"folds": "2"}, {"seeds": "1"}, {"datasets": "dfew"}):
        assert not RunSelection.parse(**fails).fits(result), fails


def test_a_layout_may_be_given_for_the_data_of_a_run(tmp_path: Path) -> None:
    result = {"dataset": "dfew", "demo": False, "backbone": {"name": "ViT-B-32", "weights": "", "sha256": ""}}
    where = RunPlaces(tmp_path, tmp_path, {"dfew": "DFEW_Face"})
    assert context_of(result, where).layouts == {"dfew": "DFEW_Face"}

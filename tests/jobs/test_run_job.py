"""One job: what it stores, and what bad input does to it."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from harness import MetricSpec, Predictions, hookimpl
from harness.core.errors import NotCounted
from harness.data.dataset import open_dataset
from harness.jobs.run_job import run_job
from harness.plugin import registry
from helpers import bench
from helpers.commands import Bench


def frame(toy_root: Path, clip: str, number: int) -> Path:
    return toy_root / "TOY" / "clips" / clip / f"{number}.jpg"


def spoil(toy_root: Path) -> None:
    """A zero-byte and a truncated JPEG in test clips of fold 1, and one in a training clip."""
    frame(toy_root, "000", 2).write_bytes(b"")
    for clip in ("002", "001"):
        path = frame(toy_root, clip, 2)
        path.write_bytes(path.read_bytes()[:400])


METHODS = {"frames": "linear", "features": "coop"}
QUICK = {"coop": {"epochs": 1, "context_tokens": 1, "input.frames": 2, "input.views": 1}}


@pytest.mark.parametrize("kind", METHODS)
def test_a_corrupt_jpeg_fails_the_job_and_is_named_and_counted(kind: str, toy_bench: Bench, toy_root: Path) -> None:
    spoil(toy_root)
    (result,) = toy_bench(methods=METHODS[kind], set=QUICK)
    assert result["status"] == "failed"
    assert "clips cannot be used" in result["error"]
    assert "000/2.jpg cannot be decoded" in result["error"]
    assert "--on-bad-sample skip" in result["error"]
    if kind == "frames":
        assert result["error"].startswith("3 clips")


def test_a_corrupt_jpeg_is_named_by_a_loader_process_too(toy_bench: Bench, toy_root: Path) -> None:
    spoil(toy_root)
    (result,) = toy_bench(loader_workers=1)
    assert result["error"].startswith("3 clips cannot be used:\nclip 001: ")


@pytest.mark.parametrize("kind", METHODS)
def test_a_corrupt_jpeg_can_be_skipped(kind: str, toy_bench: Bench, toy_root: Path) -> None:
    spoil(toy_root)
    results = toy_bench(methods=METHODS[kind], set=QUICK, on_bad_sample="skip")
    result = results[0]
    assert result["status"] == "done"
    assert (result["n_scored"], result["n_unscored"]) == (10, 2)
    assert "skipped clips that cannot be read: 1 in training, 2 in testing" in result["warnings"]
    for clip in ("000", "001", "002"):
        assert any(f"clip {clip}: " in warning for warning in result["warnings"])
    assert not {"000", "002"} & set(results.predictions(result)["sample_id"])
    assert sum(map(sum, result["confusion"])) == 10


def test_a_bad_frame_that_only_training_would_draw_is_skipped_too(toy_bench: Bench, toy_root: Path) -> None:
    frame(toy_root, "001", 1).write_bytes(b"")  # the test view takes the second and the fourth of four frames
    (result,) = toy_bench(on_bad_sample="skip", set={"linear": {"epochs": 8}})
    assert (result["status"], result["n_unscored"]) == ("done", 0)
    assert "skipped clips that cannot be read: 1 in training, 0 in testing" in result["warnings"]


def test_a_clip_without_frames_can_be_skipped(toy_bench: Bench, toy_root: Path) -> None:
    for number in range(1, 5):
        frame(toy_root, "000", number).unlink()
    (result,) = toy_bench(on_bad_sample="skip")
    assert (result["status"], result["n_scored"], result["n_unscored"]) == ("done", 11, 1)


def test_nothing_left_to_score_is_a_reason(toy_bench: Bench, toy_root: Path) -> None:
    for number in range(0, 24, 2):
        frame(toy_root, f"{number:03d}", 2).write_bytes(b"")
    (result,) = toy_bench(on_bad_sample="skip")
    assert result["status"] == "failed"
    assert result["error"]


def test_a_loss_of_nan_fails_the_job_with_epoch_and_step(toy_bench: Bench) -> None:
    (result,) = toy_bench(set={"linear": {"fault": "nan"}})
    assert result["status"] == "failed"
    assert "loss is nan in stage 'head', epoch 1, step 1" in result["error"]


def test_logits_of_nan_fail_a_job_that_does_not_train(toy_bench: Bench) -> None:
    (result,) = toy_bench(set={"linear": {"fault": "nan", "epochs": 0}})
    assert result["status"] == "failed"
    assert "not finite" in result["error"]


def test_a_gpu_that_is_too_small_gets_smaller_parts_of_the_same_batch(toy_bench: Bench) -> None:
    whole, parts = toy_bench(), toy_bench(set={"linear": {"fault": "memory"}})
    (result,) = parts
    assert result["status"] == "done"
    assert any("out of GPU memory" in text and "64 times as many parts" in text for text in result["warnings"])
    one, two = whole.predictions(whole[0]), parts.predictions(result)
    np.testing.assert_allclose(one["logit.left"], two["logit.left"], atol=1e-4)
    assert "out of GPU memory (CUDA out of memory): 2 times" in (Path(result["path"]) / "log.txt").read_text()


def test_a_gpu_that_is_too_small_for_one_clip_is_a_reason(toy_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr("torch.nn.Linear.forward", full)
    (result,) = toy_bench()
    assert (result["status"], result["error"].split(":")[0]) == ("failed", "OutOfMemoryError")


def test_nothing_of_a_finished_job_is_left_but_its_result(toy_bench: Bench, tmp_path: Path) -> None:
    toy_bench(methods="linear,coop", set=QUICK)
    hidden = [path for path in (tmp_path / "runs").rglob(".*/*") if path.is_file()]
    assert hidden == []


def test_a_job_that_raises_costs_only_its_row(toy_bench: Bench) -> None:
    broken = [{"name": "broken", "method": "linear", "set": {"fault": "raise"}}]
    results = toy_bench(methods="linear", variant=broken, folds="all")
    assert [(r["fold"], r["variant"], r["status"]) for r in results] == [
        ("1", "", "done"),
        ("1", "broken", "failed"),
        ("2", "", "done"),
        ("2", "broken", "failed"),
    ]
    failed = results[1]
    assert failed["error"].startswith("ValueError: broken on purpose (toy.py:")
    folder = Path(failed["path"])
    assert sorted(p.name for p in folder.iterdir()) == ["log.txt", "result.json"]
    assert "Traceback" in (folder / "log.txt").read_text()


def test_a_metric_of_nan_costs_nothing_but_itself(toy_bench: Bench) -> None:
    class NoNumber:
        @hookimpl
        def register_metrics(self) -> list[MetricSpec]:
            return [MetricSpec("nan", "NaN", lambda predictions: float("nan"))]

    with_plugin(NoNumber(), lambda: check(toy_bench()[0]))


def check(result: dict[str, object]) -> None:
    assert result["status"] == "done"
    assert "nan" not in result["metrics"]  # type: ignore[operator]
    assert "metric 'nan' left out: 'nan' is no finite number" in result["warnings"]  # type: ignore[operator]


def with_plugin(plugin: object, action: object) -> None:
    manager = registry.plugins().manager
    manager.register(plugin, "for-one-test")
    try:
        action()  # type: ignore[operator]
    finally:
        manager.unregister(plugin)


def test_cost_is_counted_and_timed(toy_bench: Bench) -> None:
    (result,) = toy_bench()
    cost = result["cost"]
    assert cost["gflops"] * 1e9 == pytest.approx(3 * 32 * 32 * 3)
    assert (cost["gflops_text"], cost["text"], cost["batch"]) == (0, "cached", 4)
    assert cost["gflops_train"] == pytest.approx(2 * 4 * cost["gflops"])
    assert cost["gflops_trained"] == pytest.approx(2 * 2 * cost["gflops"])  # of two epochs
    assert cost["tflops_training"] == pytest.approx(12 * cost["gflops_trained"] / 1000)  # of twelve clips
    assert all(cost[name] > 0 for name in ("latency_ms", "clips_per_second", "peak_memory_mb"))


def test_a_method_that_cannot_be_counted_keeps_its_scores(toy_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise NotCounted("attention is hidden")

    monkeypatch.setattr("harness.cost.cache.cost_of", refuse)
    (result,) = toy_bench(set={"linear": {"learning_rate": 0.04}})
    assert result["status"] == "done"
    assert "gflops" not in result["cost"]
    assert result["cost"]["params_total"] == 3 * 32 * 32 * 3 + 3
    assert result["cost"]["error"] == "attention is hidden"
    assert "cost left out: attention is hidden" in result["warnings"]


def test_a_plugins_own_metric_is_stored(toy_bench: Bench) -> None:
    class Clips:
        @hookimpl
        def register_metrics(self) -> list[MetricSpec]:
            return [MetricSpec("clips", "Clips", lambda p: float(len(p.labels)), unit="number")]

    def run() -> None:
        assert toy_bench()[0]["metrics"]["clips"] == 12.0

    with_plugin(Clips(), run)


def test_the_same_job_twice_gives_the_same_bits(toy_bench: Bench, tmp_path: Path) -> None:
    one, two = (toy_bench(methods="linear,coop", set=QUICK, out=tmp_path / name) for name in ("a", "b"))
    for first, second in zip(one, two, strict=True):
        assert first["id"] == second["id"]
        pd.testing.assert_frame_equal(one.predictions(first), two.predictions(second), check_exact=True)


def test_another_seed_gives_other_bits(toy_bench: Bench) -> None:
    results = toy_bench(seeds="1,2")
    one, two = (results.predictions(r) for r in results)
    assert not one["logit.left"].equals(two["logit.left"])


def test_every_file_of_a_result_has_the_same_mode(toy_bench: Bench) -> None:
    (result,) = toy_bench(save_weights=True)
    modes = {path.name: stat.filemode(path.stat().st_mode) for path in Path(result["path"]).iterdir()}
    assert {"weights.safetensors", "result.json", "predictions.parquet"} <= set(modes)
    assert len(set(modes.values())) == 1, modes


def test_weights_are_stored_when_asked_for(toy_bench: Bench) -> None:
    from safetensors.numpy import load_file

    (result,) = toy_bench(save_weights=True)
    state = load_file(Path(result["path"]) / "weights.safetensors")
    assert {name: value.shape for name, value in state.items()} == {
        "head.weight": (3, 3 * 32 * 32),
        "head.bias": (3,),
    }


@pytest.mark.parametrize("selection", ["val", "oracle"])
def test_the_epoch_kept_is_the_best_one_watched(selection: str, toy_bench: Bench) -> None:
    (result,) = toy_bench(selection=selection, set={"linear": {"epochs": 6}})
    history = pd.read_parquet(Path(result["path"]) / "history.parquet")
    figure = {"val": "val_war", "oracle": "test_war"}[selection]
    best = history[history[figure] == history[figure].max()]["epoch"]
    assert result["selection"] == selection
    assert result["epoch"] in set(best)
    if selection == "oracle":
        assert result["metrics"]["war"] == pytest.approx(history[figure].max())
        assert result["metrics_last"]["war"] == pytest.approx(history[figure].iloc[-1])


def test_a_metric_sees_labels_logits_and_classes(toy_bench: Bench) -> None:
    seen: list[Predictions] = []

    class Watcher:
        @hookimpl
        def register_metrics(self) -> list[MetricSpec]:
            return [MetricSpec("seen", "Seen", lambda p: float(len(seen.append(p) or ())))]  # type: ignore[func-returns-value]

    with_plugin(Watcher(), toy_bench)
    assert (seen[0].labels.shape, seen[0].logits.shape, seen[0].classes) == (
        (12,),
        (12, 3),
        ("left", "middle", "right"),
    )


def test_a_job_needs_no_registry(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    """It runs on specs that are handed in: here a dataset and a method that no plugin offers under these names."""
    planned = bench.plan(toy_root, tmp_path / "runs", "linear")
    (job,) = (each.job for each in planned.jobs)
    named = registry.named(job)
    unknown = replace(job, dataset="nobodys", method="nobodys-too")
    context = replace(planned.context, data_roots={"nobodys": planned.context.data_roots["toy"]})
    own = replace(
        named,
        dataset=replace(named.dataset, name="nobodys"),
        method=replace(named.method, plugin="mine", source_sha256="of mine"),
        metrics={"war": named.metrics["war"]},
    )
    result = run_job(unknown, own, context, lambda event: None)
    assert result["status"] == "failed"  # another dataset than planned with: its name is part of the fingerprint
    assert "changed after the run was planned" in result["error"]
    fingerprint = open_dataset(own.dataset, toy_root / "TOY", Path(context.cache)).fingerprint
    result = run_job(replace(unknown, fingerprint=fingerprint), own, context, lambda event: None)
    assert (result["status"], result["error"]) == ("done", None)
    assert list(result["metrics"]) == ["war"]
    assert result["plugin"]["name"] == "mine"

"""What all jobs of a process share cannot be changed: what changes it fails its own job, and touches nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.models import backbone as backbones
from harness.plugin import registry
from helpers import bench, spoiler
from helpers.commands import Bench, forget

SPOILER = Path(spoiler.__file__)
COOP = {"methods": "coop", "set": {"coop": bench.SHORT["coop"]}}


@pytest.fixture(autouse=True)
def spoiling() -> Iterator[None]:
    registry.plugins().add_file(SPOILER)
    yield
    forget("spoiler")
    backbones.forget()


def shards(cache: Path) -> dict[str, str]:
    """Hash of every file of features, below the folder of its view."""
    files = sorted((cache / "features").glob("*/*.npy"))
    return {f"{file.parent.name}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def logits(results: Any) -> np.ndarray:
    (result,) = results
    assert result["error"] is None
    return results.predictions(result).filter(like="logit.").to_numpy()


@pytest.fixture
def untouched(toy_bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, dict[str, str]]:
    """Logits of a coop job, and its features, where nothing ran before; the cache is another one afterwards."""
    backbones.forget()
    with monkeypatch.context() as patches:
        patches.setenv("HARNESS_CACHE", str(tmp_path / "fresh"))
        found = logits(toy_bench(**COOP, out=tmp_path / "fresh-runs"))
    backbones.forget()
    return found, shards(tmp_path / "fresh")


@pytest.mark.parametrize("late", [False, True], ids=["built", "tested"])
@pytest.mark.parametrize("fault", spoiler.FAULTS)
def test_what_changes_the_backbone_fails_its_own_job_and_touches_no_other(
    fault: str, late: bool, toy_bench: Bench, untouched: tuple[np.ndarray, dict[str, str]], tmp_path: Path
) -> None:
    (spoilt,) = toy_bench(methods="spoiler", set={"spoiler": {"fault": fault, "late": late}})
    assert spoilt["status"] == "failed"
    assert spoiler.FAULTS[fault][1] in spoilt["error"]
    assert "that all jobs share" in spoilt["error"]
    expected, features = untouched
    np.testing.assert_array_equal(logits(toy_bench(**COOP, out=tmp_path / "next")), expected)
    found = shards(tmp_path / "cache")
    assert {name: found[name] for name in features} == features


def test_a_stage_that_would_train_the_shared_tower_is_refused_before_training(toy_bench: Bench) -> None:
    results = toy_bench(methods="tower")
    assert results[0]["status"] == "failed"
    assert "stage 'all' would train tower." in results[0]["error"]
    assert "task.backbone.trainable_encoder()" in results[0]["error"]
    assert "epoch" not in (Path(results[0]["path"]) / "log.txt").read_text()


def test_a_copy_of_its_own_is_trained_and_stored(
    toy_bench: Bench, untouched: tuple[np.ndarray, dict[str, str]], tmp_path: Path
) -> None:
    from safetensors.numpy import load_file

    (result,) = toy_bench(methods="tower", set={"tower": {"own": True}}, save_weights=True)
    assert result["error"] is None
    stored = load_file(Path(result["path"]) / "weights.safetensors")
    visual = bench.tiny().model.visual
    assert {f"tower.visual.{name}" for name, _ in visual.named_parameters()} < set(stored)
    assert not np.array_equal(stored["tower.visual.conv1.weight"], visual.conv1.weight.numpy())
    np.testing.assert_array_equal(logits(toy_bench(**COOP, out=tmp_path / "next")), untouched[0])


def test_an_encoder_of_its_own_is_not_fed_the_features_of_the_backbone(toy_bench: Bench, tmp_path: Path) -> None:
    results = toy_bench(methods="own-encoder")
    found = logits(results)
    assert len(np.unique(found, axis=0)) == 1  # it sees nothing, so all clips are alike
    assert any("has another encoder" in warning for warning in results[0]["warnings"])
    uncached = toy_bench(methods="own-encoder", no_cache=True, out=tmp_path / "uncached")
    np.testing.assert_array_equal(logits(uncached), found)


BEFORE_FEATURES = """
import torch
from torch.nn import functional as F
from harness import FrameInput, Method, MethodSpec, hookimpl

class Early(Method):
    def __init__(self, task, options):
        super().__init__()
        F.layer_norm = lambda x, *args, **kwargs: x * 0
        torch.set_autocast_enabled("cpu", True)
        self.encoder = task.backbone.frame_encoder()
        self.head = torch.nn.Linear(task.backbone.width, len(task.classes))

    def forward(self, x):
        return self.head(x.mean(1))

@hookimpl
def register_methods():
    return [MethodSpec("early", "1", Early, input=FrameInput(frames=2, views=1), features="test")]
"""


def test_features_are_encoded_after_what_a_constructor_changed_is_put_back(
    toy_bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "early.py").write_text(BEFORE_FEATURES)
    plain = {"zero-shot-clip": {"input.frames": 2}}
    try:
        (early,) = toy_bench(methods="early", plugin=[tmp_path / "early.py"])
        after = logits(toy_bench(methods="zero-shot-clip", set=plain, out=tmp_path / "after"))
    finally:
        forget("early")
    assert any("it changed" in warning and "layer_norm" in warning for warning in early["warnings"])
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "other"))
    np.testing.assert_array_equal(after, logits(toy_bench(methods="zero-shot-clip", set=plain, out=tmp_path / "fresh")))
    found, fresh = shards(tmp_path / "cache"), shards(tmp_path / "other")
    assert fresh
    assert {name: found[name] for name in fresh} == fresh

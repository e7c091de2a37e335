"""Clips that are tested in several views, and samplers and augmentations of plugins, through whole jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.core.errors import HarnessError
from harness.core.frame_input import FrameInput
from harness.data.dataset import open_dataset
from harness.models.method import Task
from harness.plugin import registry
from harness.video.load import load_clip, normalise
from helpers import bench
from helpers.commands import Bench, forget

VIEWS = {"input.test_clips": 2, "input.test_flip": True}

PLUGIN = """
import numpy as np
from harness import AugmentationSpec, SamplerSpec, hookimpl

def pick(count, given, rng, view):
    return np.full(given.frames, count - 1 if rng is None else rng.randint(count))

def darker(frames, given, generator):
    return frames // 2

@hookimpl
def register_samplers():
    return [SamplerSpec("only-last", "1", pick)]

@hookimpl
def register_augmentations():
    return [AugmentationSpec("darker", "1", darker)]
"""


def logits(results: Any) -> np.ndarray:
    (result,) = results
    assert (result["status"], result["error"]) == ("done", None)
    found: np.ndarray = results.predictions(result).filter(like="logit.").to_numpy()
    return found


@pytest.mark.parametrize("no_cache", [False, True])
def test_probabilities_are_averaged_over_the_views(toy_bench: Bench, toy_root: Path, no_cache: bool) -> None:
    """Against the logits of each view alone, frame by frame: those of a method without training."""
    settings = {"zero-shot-clip": {"input.frames": 2, **VIEWS}}
    results = toy_bench(methods="zero-shot-clip", set=settings, no_cache=no_cache)
    plain = toy_bench(methods="zero-shot-clip", set={"zero-shot-clip": {"input.frames": 2}}, no_cache=no_cache)

    backbone, spec = bench.tiny(), registry.method("zero-shot-clip").spec
    seen = FrameInput(**results[0]["input"])
    method = spec.construct(Task(registry.dataset("toy").class_names, backbone, seen), results[0]["options"]).eval()
    dataset = open_dataset(registry.dataset("toy"), toy_root / "TOY", Path(results[0]["path"]) / "cache")
    clips = sorted(dataset.folds["1"].test, key=lambda sample: sample.id)
    shares = []
    with torch.no_grad():
        for view in range(4):
            frames = torch.stack([load_clip(clip, seen, None, view) for clip in clips])  # (N, T, 3, S, S)
            pixels = normalise(frames, backbone.source.mean, backbone.source.std, "clip")
            features = backbone.model.encode_image(pixels.flatten(0, 1)).unflatten(0, (len(clips), 2))
            shares.append(method(features).softmax(1))
    expected = torch.stack(shares).mean(0)
    found = torch.tensor(logits(results)).softmax(1)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    assert not np.allclose(logits(results), logits(plain), atol=1e-3)


def test_views_are_part_of_the_protocol_and_counted(toy_bench: Bench) -> None:
    (plain,) = toy_bench(methods="linear")
    (viewed,) = toy_bench(methods="linear", set={"linear": VIEWS})
    assert (plain["protocol"]["test_views"], viewed["protocol"]["test_views"]) == (1, 4)
    assert plain["protocol_hash"] != viewed["protocol_hash"]
    assert viewed["cost"]["gflops"] == pytest.approx(4 * plain["cost"]["gflops"])
    assert viewed["cost"]["gflops_train"] == plain["cost"]["gflops_train"]


def test_cached_features_of_all_views_are_encoded_beforehand(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    plain = bench.plan(toy_root, tmp_path / "a", "zero-shot-clip")
    viewed = bench.plan(
        toy_root, tmp_path / "b", "zero-shot-clip", variant=[{"name": "v", "method": "zero-shot-clip", "set": VIEWS}]
    )
    views = {fill.view.number for fill in viewed.fills if fill.view.input.test_views == 4}
    assert views == {-1, -2, -3, -4}
    assert {fill.view.number for fill in plain.fills} == {-1}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "own.py"
    file.write_text(PLUGIN)
    yield file
    forget("own")


def test_a_plugins_sampler_and_augmentation_feed_a_method(toy_bench: Bench, own: Path) -> None:
    settings = {"linear": {"input.sampling": "only-last", "input.augmentation": ["darker"]}}
    found = toy_bench(methods="linear", plugin=[own], set=settings)
    plain = toy_bench(methods="linear", set={"linear": {"input.augmentation": []}})
    assert not np.allclose(logits(found), logits(plain))
    assert len(found[0]["input"]["code"]) == 12
    assert plain[0]["input"]["code"] == ""


def test_features_of_an_edited_sampler_are_others(toy_root: Path, toy_plugin: None, own: Path, tmp_path: Path) -> None:
    settings = {"variant": [{"name": "v", "method": "zero-shot-clip", "set": {"input.sampling": "only-last"}}]}
    keys = set()
    for number in range(2):
        ahead = bench.plan(toy_root, tmp_path / "runs", "zero-shot-clip", plugin=[own], **settings)
        keys |= {fill.view.key for fill in ahead.fills if fill.view.input.sampling == "only-last"}
        forget("own")
        own.write_text(PLUGIN + f"\n# edited {number}\n")
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"input.sampling": "segmnts"}, r"linear\.input: unknown sampler 'segmnts'.*segments"),
        ({"input.augmentation": ["flips"]}, r"linear\.input: unknown augmentation 'flips'.*flip"),
        ({"input.sampling": "linspace", "input.duration": 2}, "duration=2 means nothing to sampler 'linspace'"),
        ({"input.code": "abc"}, "has no option 'code'"),
        ({"input.mean": [0.5, 0.5, 0.5]}, "either both are of three channels"),
        ({"input.test_crops": 3}, "test_crops=3, but crop_size and base_size do not say"),
    ],
)
def test_what_does_not_fit_is_refused_before_any_work(toy_bench: Bench, settings: Any, told: str) -> None:
    with pytest.raises(HarnessError, match=told):
        toy_bench(methods="linear", set={"linear": settings})


def test_own_mean_and_deviation_reach_the_method(toy_bench: Bench) -> None:
    half = {"input.mean": [0.5, 0.5, 0.5], "input.std": [0.25, 0.25, 0.25]}
    found = toy_bench(methods="linear", set={"linear": half})
    plain = toy_bench(methods="linear")
    assert not np.allclose(logits(found), logits(plain))
    assert found[0]["input"]["mean"] == [0.5, 0.5, 0.5]


SELECTING = """
from pathlib import Path
import numpy as np
from harness import SamplerSpec, hookimpl

LOG = Path(__file__).with_suffix(".log")

def select(frames):
    if frames.shape[1:] != (64, 64, 3):  # those of the check are
        with LOG.open("a") as file:
            file.write(f"{len(frames)}\\n")
    return np.arange(len(frames))[-2:]

def pick(count, given, rng, view):
    assert count <= 2
    return np.linspace(0, count - 1, given.frames).astype(int)

@hookimpl
def register_samplers():
    return [SamplerSpec("last-two", "1", pick, select=select)]
"""


@pytest.mark.parametrize("method", ["linear", "zero-shot-clip"])
def test_frames_are_looked_at_once_a_clip(toy_bench: Bench, own: Path, method: str) -> None:
    own.write_text(SELECTING)
    set_ = {method: {"input.sampling": "last-two", "input.frames": 2}}
    last = {method: {"input.sampling": "consecutive-last", "input.frames": 2}}
    found = toy_bench(methods=method, plugin=[own], set=set_)
    looked = own.with_suffix(".log").read_text().split()
    assert len(looked) == (24 if method == "linear" else 12)  # clips of both parts, or of the test part: each once
    np.testing.assert_array_equal(logits(found), logits(toy_bench(methods=method, set=last)))
    toy_bench(methods=method, plugin=[own], set=set_, seeds=[2], force=True)
    assert len(own.with_suffix(".log").read_text().split()) == len(looked)

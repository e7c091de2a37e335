"""What a method is fed: cached views, or frames decoded on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from harness.data.dataset import Dataset
from harness.features.cache import FeatureCache, FeatureTable
from harness.features.shards import shards_of
from harness.features.view import View
from harness.models.backbone import FrameEncoder
from harness.system.seeds import seed_of
from harness.training.batches import CachedFeatures, Frames
from harness.video.load import load_clip, normalise
from helpers import bench
from helpers.bench import SEEN

CPU = torch.device("cpu")
ROWS = [[3, 0, 5], [1], [4, 2]]


@pytest.fixture
def dataset(toy_root: Path, toy_plugin: None, tmp_path: Path) -> Dataset:
    return bench.toy(toy_root, tmp_path / "cache")


def frames(dataset: Dataset, encoder: FrameEncoder | None = None, seed: int | None = 7, **more: Any) -> Frames:
    samples = shards_of(dataset).batches[0][:6]
    return Frames(samples, replace(SEEN, views=0), bench.tiny(), encoder, job_seed=seed, **more)


def batches(inputs: Any, epoch: int = 0) -> list[tuple[Tensor, Tensor]]:
    return list(inputs.batches(ROWS, epoch, CPU))


def pixels(dataset: Dataset, row: int, seed: int | None) -> Tensor:
    source = bench.tiny().source
    return normalise(load_clip(shards_of(dataset).batches[0][row], SEEN, seed), source.mean, source.std, "clip")


@pytest.mark.parametrize("epoch", [0, 1, 5])
def test_frames_are_seeded_by_job_clip_and_epoch(dataset: Dataset, epoch: int) -> None:
    for (found, labels), rows in zip(batches(frames(dataset), epoch), ROWS, strict=True):
        expected = [pixels(dataset, row, seed_of(7, shards_of(dataset).batches[0][row].id, epoch)) for row in rows]
        assert torch.equal(found, torch.stack(expected))
        assert labels.tolist() == [shards_of(dataset).batches[0][row].label for row in rows]


def test_every_epoch_and_seed_draws_anew(dataset: Dataset) -> None:
    draws = [batches(frames(dataset, seed=seed), epoch)[0][0] for seed in (7, 8) for epoch in (0, 1, 2)]
    assert len({draw.numpy().tobytes() for draw in draws}) == 6


def test_the_test_view_is_the_same_each_time(dataset: Dataset) -> None:
    for epoch in (0, 3):
        for (found, _), rows in zip(batches(frames(dataset, seed=None), epoch), ROWS, strict=True):
            assert torch.equal(found, torch.stack([pixels(dataset, row, None) for row in rows]))


def test_frames_behind_a_frozen_encoder_come_as_features(dataset: Dataset) -> None:
    encoder = bench.tiny().frame_encoder()
    plain = batches(frames(dataset))
    for (found, labels), (seen, same) in zip(batches(frames(dataset, encoder)), plain, strict=True):
        with torch.no_grad():
            expected = torch.stack([bench.tiny().model.encode_image(clip) for clip in seen])
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
        assert not found.requires_grad
        assert torch.equal(labels, same)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_the_number_of_loader_processes_changes_nothing(dataset: Dataset) -> None:
    alone = batches(frames(dataset, workers=0), 2)
    torch.manual_seed(5)
    helped = batches(frames(dataset, workers=2), 2)
    for (a, labels), (b, same) in zip(alone, helped, strict=True):
        assert torch.equal(a, b)
        assert torch.equal(labels, same)


def test_loading_draws_as_much_from_the_global_generator_whoever_loads(dataset: Dataset) -> None:
    states = []
    for workers in (0, 1):
        torch.manual_seed(5)
        batches(frames(dataset, workers=workers))
        states.append(torch.get_rng_state())
    assert torch.equal(*states)


def test_epoch_e_sees_view_e_mod_v(dataset: Dataset, tmp_path: Path) -> None:
    cache, samples = FeatureCache(tmp_path / "features"), shards_of(dataset).batches[0][:6]
    views = list(View.training(dataset.fingerprint, bench.tiny().source.id, SEEN))
    for view in views:
        cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=False)
    tables = [FeatureTable(cache, dataset, view) for view in views]
    inputs = CachedFeatures(samples, tables)
    seen = set()
    for epoch in range(7):
        for (found, labels), rows in zip(batches(inputs, epoch), ROWS, strict=True):
            assert torch.equal(found, tables[epoch % 3].gather(samples[row] for row in rows))
            assert labels.tolist() == [samples[row].label for row in rows]
            seen.add(found.numpy().tobytes())
    assert len(seen) == 3 * len(ROWS)

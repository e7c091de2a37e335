"""The feature cache: filled once, by anyone, to the same bytes."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from harness.core.errors import BadData, HarnessError
from harness.cost import count as cost
from harness.data.dataset import Dataset
from harness.features.arrays import read_array, write_array
from harness.features.cache import FeatureCache, FeatureTable, _about
from harness.features.encode import encode, view_seed
from harness.features.shards import shards_of
from harness.features.view import View
from harness.jobs import load, score
from harness.jobs.job_inputs import JobInputs
from harness.models.method import Task
from harness.plugin import registry
from harness.system.seeds import seed_of
from harness.video.load import load_clip, normalise
from harness_plugins.methods.coop import Options
from harness_plugins.methods.coop.model import CoOp
from helpers import bench
from helpers.bench import SEEN, counted_frames
from helpers.towers import all_positions
from helpers.writer import write_together


@pytest.fixture
def dataset(toy_root: Path, toy_plugin: None, tmp_path: Path) -> Dataset:
    return bench.toy(toy_root, tmp_path / "cache")


@pytest.fixture
def cache(tmp_path: Path) -> FeatureCache:
    return FeatureCache(tmp_path / "features")


def plain(dataset: Dataset, given: Any = SEEN) -> View:
    return View.test(dataset.fingerprint, bench.tiny().source.id, given)


def augmented(dataset: Dataset, given: Any = SEEN) -> list[View]:
    return list(View.training(dataset.fingerprint, bench.tiny().source.id, given))


def spoil(dataset: Dataset, sample_id: str) -> Path:
    """Zeros in place of every frame, of the same sizes, so that the dataset's fingerprint stays."""
    folder = dataset.samples[sample_id].source
    for file in folder.iterdir():
        file.write_bytes(bytes(file.stat().st_size))
    return folder


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in folder.glob("[!.]*/*") if path.is_file())
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


# --- what is in it


def test_features_equal_a_slow_reference(dataset: Dataset, cache: FeatureCache) -> None:
    """One frame at a time through open_clip's own model, for test and training views."""
    backbone = bench.tiny()
    for view in (plain(dataset), *augmented(dataset)):
        cache.ensure(dataset, view, 0, backbone, skip_bad=False)
        table = FeatureTable(cache, dataset, view)
        for sample in shards_of(dataset).batches[0][:3]:
            clip = load_clip(sample, view.input, view_seed(view, sample))
            pixels = normalise(clip, backbone.source.mean, backbone.source.std, "clip")
            with torch.no_grad():
                expected = torch.cat([backbone.model.encode_image(frame[None]) for frame in pixels])
            torch.testing.assert_close(table.gather([sample])[0], expected, atol=1e-5, rtol=0)


def test_the_seed_of_a_view_is_a_hash_of_clip_and_view(dataset: Dataset) -> None:
    sample = shards_of(dataset).batches[0][0]
    assert view_seed(plain(dataset), sample) is None
    assert [view_seed(view, sample) for view in augmented(dataset)] == [seed_of("view", sample.id, v) for v in range(3)]
    views = [plain(dataset), *augmented(dataset)]
    rows = [encode([load_clip(sample, v.input, view_seed(v, sample))], v.input, bench.tiny()) for v in views]
    assert len({row.tobytes() for row in rows}) == 4


def test_a_table_finds_clips_in_whatever_order(dataset: Dataset, cache: FeatureCache) -> None:
    view = plain(dataset)
    for shard in range(len(shards_of(dataset).batches)):
        cache.ensure(dataset, view, shard, bench.tiny(), skip_bad=False)
    table = FeatureTable(cache, dataset, view)
    samples = sorted(dataset.samples.values(), key=lambda s: seed_of(s.id))
    gathered = table.gather(samples)
    assert gathered.shape == (24, 2, 16)
    assert gathered.dtype == torch.float32
    for sample, features in zip(samples, gathered, strict=True):
        expected = encode([load_clip(sample, view.input, None)], view.input, bench.tiny())[0]
        np.testing.assert_allclose(features, expected, atol=1e-5)
    assert isinstance(next(iter(table._shards.values())).features, np.memmap)


def test_cached_logits_equal_images_in_the_loop_with_whole_prompts(dataset: Dataset, cache: FeatureCache) -> None:
    backbone = bench.tiny()
    task = Task(("left", "middle", "right"), backbone, SEEN)
    torch.manual_seed(0)
    method = CoOp(task, Options(context_tokens=4)).eval()
    view, samples = augmented(dataset)[1], shards_of(dataset).batches[0]
    cache.ensure(dataset, view, 0, backbone, skip_bad=False)
    with torch.no_grad():
        fast = method(FeatureTable(cache, dataset, view).gather(samples))
        ids = backbone.tokenize([f"X X X X {name}." for name in task.classes])
        embeddings = backbone.model.token_embedding(ids)
        embeddings[:, 1:5] = method.prompts.context
        text = F.normalize(all_positions(backbone.model, embeddings, ids.argmax(-1)), dim=-1)
        slow = []
        for sample in samples:
            clip = load_clip(sample, view.input, view_seed(view, sample))
            pixels = normalise(clip, backbone.source.mean, backbone.source.std, "clip")
            slow.append(
                backbone.logit_scale * F.normalize(backbone.model.encode_image(pixels).mean(0), dim=-1) @ text.T
            )
    torch.testing.assert_close(fast, torch.stack(slow), atol=1e-4, rtol=0)


# --- when it is filled


def test_it_is_filled_once_and_shared_by_methods_folds_and_seeds(
    toy_root: Path, toy_plugin: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score, "_speeds", {})
    monkeypatch.setattr(score, "speed_of", lambda *_: {})  # encodes frames, too
    cost._encoder.cache_clear()  # so that one frame is traced in the first run, to count multiply-adds
    clips, frames, views, traced = 24, 2, 2, 1
    with counted_frames() as calls:
        bench.run(bench.plan(toy_root, tmp_path / "a", "zero-shot-clip", folds="all"))
        filled = sum(calls)
        assert filled - traced == clips * frames
        calls.clear()
        bench.run(bench.plan(toy_root, tmp_path / "b", "coop", folds="all", seeds="1,2"))
        assert sum(calls) == clips * frames * views  # the test views are there
        calls.clear()
        both = bench.plan(toy_root, tmp_path / "c", "zero-shot-clip,coop", folds="all", seeds=3)
        assert both.fills == []
        bench.run(both)
        assert sum(calls) == 0
        calls.clear()
        more = {"coop": {"input.views": 3}}
        bench.run(bench.plan(toy_root, tmp_path / "d", "coop", set=more, folds="all"))
        assert sum(calls) == clips * frames  # only the third view


def test_one_fold_encodes_only_its_own_shards(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    given = bench.plan(toy_root, tmp_path / "a", "zero-shot-clip", folds="2")
    bench.run(given)
    dataset = bench.toy(toy_root, tmp_path / "cache")
    files = [p.name for p in bench.cache_of(given).root.rglob("*.npy")]
    assert files == [f"{shard:05d}.npy" for shard in shards_of(dataset).holding(dataset.folds["2"].test)]
    held = {
        s.id for shard in shards_of(dataset).holding(dataset.folds["2"].test) for s in shards_of(dataset).batches[shard]
    }
    assert held == {s.id for s in dataset.folds["2"].test}


def test_no_shard_mixes_test_folds(dataset: Dataset) -> None:
    folds = {s.id: name for name, fold in dataset.folds.items() for s in fold.test}
    assert all(len({folds[s.id] for s in shard}) == 1 for shard in shards_of(dataset).batches)
    assert sorted(s.id for shard in shards_of(dataset).batches for s in shard) == sorted(dataset.samples)


def test_bits_do_not_depend_on_who_fills(toy_root: Path, toy_plugin: None, tmp_path: Path, monkeypatch: Any) -> None:
    """Jobs on their way, or shards beforehand in any order, with other threads set outside."""
    inline = bench.plan(toy_root, tmp_path / "runs", "coop", folds="all")
    bench.run(inline)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "other"))
    ahead = bench.plan(toy_root, tmp_path / "elsewhere", "coop", folds="all")
    assert len(ahead.fills) == 2 * (1 + 2)  # shards x views
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    for fill in reversed(list(ahead.fills)):
        load.fill_cache(
            fill,
            registry.dataset(fill.dataset),
            registry.backbones(),
            ahead.context,
            registry.pipeline(),
            skip_bad=False,
        )
    torch.set_num_threads(before)
    assert hashes(bench.cache_of(ahead).root) == hashes(bench.cache_of(inline).root)
    assert bench.plan(toy_root, tmp_path / "elsewhere", "coop", folds="all").fills == []
    with counted_frames() as calls:
        bench.run(ahead)
    assert sum(calls) == 0
    for a, b in zip(bench.predictions(inline), bench.predictions(ahead), strict=True):
        assert np.array_equal(bench.logits(a), bench.logits(b))


@pytest.mark.slow
def test_two_processes_may_fill_the_same_shard(dataset: Dataset, toy_root: Path, tmp_path: Path) -> None:
    """They start together, again and again; whatever the order, files are whole and alike."""
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    context = multiprocessing.get_context("spawn")
    view, threads = plain(dataset), torch.get_num_threads()
    torch.set_num_threads(1)
    for shard in range(len(shards_of(dataset).batches)):
        FeatureCache(alone / "features").ensure(dataset, view, shard, bench.tiny(), skip_bad=False)
    torch.set_num_threads(threads)
    barrier = context.Barrier(2)
    writers = [context.Process(target=write_together, args=(toy_root, shared, barrier)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(300)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert hashes(shared / "features") == hashes(alone / "features")


def test_a_crash_while_writing_leaves_nothing(dataset: Dataset, cache: FeatureCache, monkeypatch: Any) -> None:
    def crash(file: Any, features: Any) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    view = plain(dataset)
    monkeypatch.setattr(np, "save", crash)
    with pytest.raises(KeyboardInterrupt):
        cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=False)
    assert not cache.has(view, 0)
    assert [path.name for path in cache.root.glob("[!.]*/*")] == ["view.json"]


# --- clips that cannot be read


def test_bad_clips_are_refused_by_name(dataset: Dataset, cache: FeatureCache) -> None:
    bad = shards_of(dataset).batches[0][3].id
    spoil(dataset, bad)
    with pytest.raises(BadData, match=rf"(?s)1 clips cannot be used:\nclip {bad}: .*jpg.*--on-bad-sample skip"):
        cache.ensure(dataset, plain(dataset), 0, bench.tiny(), skip_bad=False)
    assert not cache.has(plain(dataset), 0)


def test_bad_clips_are_nan_when_skipped_and_change_no_other(dataset: Dataset, cache: FeatureCache) -> None:
    view, samples = plain(dataset), shards_of(dataset).batches[0]
    cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=False)
    whole = FeatureTable(cache, dataset, view).gather(samples).clone()
    cache.clear()
    spoil(dataset, samples[3].id)
    reasons = cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=True)
    assert list(reasons) == [samples[3].id]
    assert json.loads(cache.path(view, 0).with_suffix(".bad.json").read_text()) == reasons
    rows = FeatureTable(cache, dataset, view).gather(samples)
    assert rows[3].isnan().all()
    keep = [i for i in range(len(samples)) if i != 3]
    assert torch.equal(rows[keep], whole[keep])
    with counted_frames() as calls:
        assert cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=True) == reasons
    assert calls == []
    with pytest.raises(BadData, match=samples[3].id):
        cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=False)


@pytest.mark.parametrize("skip_bad", [False, True])
def test_mended_files_are_encoded_again(dataset: Dataset, cache: FeatureCache, skip_bad: bool) -> None:
    view, sample = plain(dataset), shards_of(dataset).batches[0][3]
    whole = {file: file.read_bytes() for file in sample.source.iterdir()}
    spoil(dataset, sample.id)
    cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=True)
    for file, data in whole.items():
        file.write_bytes(data)
    assert cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=skip_bad) == {}
    assert not FeatureTable(cache, dataset, view).gather([sample]).isnan().any()
    assert not cache.path(view, 0).with_suffix(".bad.json").exists()


def test_what_is_in_it_is_told_and_cleared(dataset: Dataset, cache: FeatureCache) -> None:
    view = plain(dataset)
    assert cache.info() == []
    cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=False)
    (info,) = cache.info()
    size = cache.path(view, 0).stat().st_size
    assert (info["dataset"], info["key"], info["shards"], info["bytes"]) == ("toy", view.key, 1, size)
    assert info["input"]["frames"] == 2
    assert cache.clear() == size
    assert not cache.root.exists()


def test_normalisation_reaches_the_encoder(dataset: Dataset, cache: FeatureCache) -> None:
    bare = plain(dataset, replace(SEEN, normalisation="none"))
    for view in (bare, plain(dataset)):
        cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=False)
    sample = shards_of(dataset).batches[0][0]
    found = [FeatureTable(cache, dataset, view).gather([sample])[0] for view in (bare, plain(dataset))]
    with torch.no_grad():
        expected = bench.tiny().model.encode_image(load_clip(sample, bare.input, None).float() / 255)
    torch.testing.assert_close(found[0], expected, atol=1e-5, rtol=0)
    assert not torch.allclose(found[0], found[1])


def test_a_shard_is_not_filled_with_weights_other_than_planned(
    toy_root: Path, toy_plugin: None, tmp_path: Path
) -> None:
    ahead = bench.plan(toy_root, tmp_path / "a", "zero-shot-clip")
    fill = next(iter(ahead.fills))
    other = replace(fill, view=replace(fill.view, backbone=replace(fill.view.backbone, sha256="0" * 64)))
    with pytest.raises(HarnessError, match="changed after the run was planned"):
        load.fill_cache(
            other,
            registry.dataset("toy"),
            registry.backbones(),
            ahead.context,
            registry.pipeline(),
            skip_bad=False,
        )
    assert not bench.cache_of(ahead).has(other.view, other.shard)


# --- what is damaged


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def as_before(path: Path) -> None:
    """As versions without checksums wrote it."""
    np.save(path, np.array(np.load(path)))


HARMS: dict[str, Callable[[Path], object]] = {
    "flipped": flip,
    "shuffled": lambda path: path.write_bytes(path.read_bytes()[:128] + path.read_bytes()[-13:127:-1] + b"x" * 12),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "without checksum": as_before,
    "of another shard": lambda path: path.write_bytes(path.with_name("00001.npy").read_bytes()),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_shard_is_encoded_again_and_said(
    dataset: Dataset, cache: FeatureCache, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    view = plain(dataset)
    for shard in (0, 1):
        cache.ensure(dataset, view, shard, bench.tiny(), skip_bad=False)
    whole = cache.path(view, 0).read_bytes()
    HARMS[harm](cache.path(view, 0))
    assert cache.opened(dataset, view, 0) is None
    assert cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=False) == {}
    assert cache.path(view, 0).read_bytes() == whole
    assert "00000.npy: not used (" in caplog.text
    assert "its clips are encoded again" in caplog.text


def test_reasons_that_are_not_those_of_the_shard_are_found(dataset: Dataset, cache: FeatureCache) -> None:
    view = plain(dataset)
    cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=False)
    cache.path(view, 0).with_suffix(".bad.json").write_text(json.dumps({"000": "cannot be read"}))
    assert FeatureCache(cache.root).opened(dataset, view, 0) is None
    assert FeatureCache(cache.root).ensure(dataset, view, 0, bench.tiny(), skip_bad=True) == {}


def test_a_cache_that_is_removed_while_a_job_runs_costs_time_only(
    toy_root: Path, toy_plugin: None, tmp_path: Path
) -> None:
    """One table has its shards open, another opens them after they are gone, and a third after one was damaged."""
    given = bench.plan(toy_root, tmp_path / "a", "zero-shot-clip")
    bench.run(given)
    dataset, (job,) = bench.toy(toy_root, tmp_path / "cache"), [planned.job for planned in given.jobs]
    samples = dataset.folds["1"].test

    def table() -> FeatureTable:
        inputs = JobInputs(dataset, bench.tiny(), job, given.context, bench.tiny().frame_encoder(), registry.pipeline())
        return inputs.test(samples).tables[0]  # type: ignore[attr-defined, no-any-return]

    opened = table()
    before = opened.gather(samples)
    shutil.rmtree(tmp_path / "cache" / "features")
    assert torch.equal(opened.gather(samples), before)
    late = table()
    assert torch.equal(late.gather(samples), before)
    for path in (tmp_path / "cache" / "features").glob("*/*.npy"):
        flip(path)
    assert torch.equal(late.gather(samples), before)


@pytest.mark.parametrize("change", ["float64", "flat", "one clip less"])
def test_a_whole_entry_of_another_form_is_no_shard(dataset: Dataset, cache: FeatureCache, change: str) -> None:
    view = plain(dataset)
    cache.ensure(dataset, view, 0, bench.tiny(), skip_bad=False)
    path, clips = cache.path(view, 0), shards_of(dataset).batches[0]
    about = _about(view, 0, clips, {})
    features = np.array(read_array(path, about, 10**8))
    forms = {"float64": features.astype(np.float64), "flat": features[:, 0], "one clip less": features[1:]}
    write_array(path, forms[change], about)
    assert FeatureCache(cache.root).opened(dataset, view, 0) is None
    write_array(path, features, about)
    assert FeatureCache(cache.root).opened(dataset, view, 0) is not None

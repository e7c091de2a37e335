"""The same job gives the same bits, whatever ran before or beside it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.system.device import reproducible
from harness.system.seeds import seed_everything, seed_of
from helpers import bench

Disturbance = Callable[[Path, Path], None]


def disturb_generators(root: Path, out: Path) -> None:
    seed_everything(99)
    random.random(), np.random.rand(), torch.rand(3)


def run_another_job(root: Path, out: Path) -> None:
    bench.run(bench.plan(root, out / "other", "zero-shot-clip,coop", folds="2", seeds=5))


def more_threads(root: Path, out: Path) -> None:
    torch.set_num_threads(2)


def other_modes(root: Path, out: Path) -> None:
    bench.tiny().model.train()
    bench.tiny().model.eval()
    torch.set_grad_enabled(True)


@pytest.fixture
def threads() -> Any:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


METHODS = {"coop": {"coop": {}}, "coop, not cached": {"coop": {"input.views": 0}}, "linear": {}}


@pytest.mark.parametrize("disturb", [disturb_generators, run_another_job, more_threads, other_modes])
@pytest.mark.parametrize("kind", METHODS)
def test_a_job_gives_the_same_bits(
    kind: str, disturb: Disturbance, toy_root: Path, toy_plugin: None, tmp_path: Path, threads: None
) -> None:
    name = kind.partition(",")[0]
    plans = [bench.plan(toy_root, tmp_path / out, name, set=METHODS[kind]) for out in "ab"]
    bench.run(plans[0])
    disturb(toy_root, tmp_path)
    bench.run(plans[1])
    (first,), (second,) = (bench.predictions(given) for given in plans)
    assert bench.logits(first).tobytes() == bench.logits(second).tobytes()
    histories = [bench.history(given)[0]["loss"].tolist() for given in plans]
    assert histories[0] == histories[1]


def test_seeds_and_folds_make_a_difference(toy_root: Path, toy_plugin: None, tmp_path: Path) -> None:
    given = bench.plan(toy_root, tmp_path / "runs", "coop", seeds="1,2")
    bench.run(given)
    first, second = map(bench.logits, bench.predictions(given))
    assert not np.array_equal(first, second)


def test_threads_and_settings_are_put_back(threads: None) -> None:
    torch.set_num_threads(2)
    with reproducible(1):
        assert torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
    assert torch.get_num_threads() == 2
    assert not torch.are_deterministic_algorithms_enabled()
    with pytest.raises(ValueError, match="x"), reproducible(1):
        raise ValueError("x")
    assert torch.get_num_threads() == 2


def test_the_threads_of_a_job_are_recorded(toy_root: Path, toy_plugin: None, tmp_path: Path, threads: None) -> None:
    seen: list[int] = []
    planned = bench.plan(toy_root, tmp_path / "runs", "zero-shot-clip", threads=2)
    with bench.watched_frames(lambda frames: seen.append(torch.get_num_threads())):
        (result,) = bench.run(planned)
    assert set(seen) == {2}
    assert result["provenance"]["threads"] == 2


def test_seeds_are_hashes_of_what_they_are_for() -> None:
    assert seed_of("view", "007", 1) == seed_of("view", "007", 1) == 4_131_064_414
    parts = [("view", "007", 1), ("view", "007", 2), ("view", "00", "71"), ("view", "0071"), (1, "007", "view")]
    assert len({seed_of(*p) for p in parts}) == len(parts)
    assert all(0 <= seed_of(i) < 2**32 for i in range(100))


def test_seeding_reaches_every_global_generator() -> None:
    draws = []
    for _ in range(2):
        seed_everything(3)
        draws.append((random.random(), float(np.random.rand()), float(torch.rand(1))))
    assert draws[0] == draws[1]

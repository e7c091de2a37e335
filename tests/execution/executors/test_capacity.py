"""What a job asks of a cluster, and how many are there at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from harness import MethodSpec, hookimpl
from harness.core.errors import HarnessError
from harness.core.job import JobSpec
from harness.planning.cluster import Cluster
from harness.plugin import registry
from helpers.stored import JOB

LAPTOP = [{"CPU": 2.0}]
MIXED = [{"CPU": 2.0}, {"CPU": 4.0, "GPU": 1.0}, {}]


class Hungry:
    @hookimpl
    def register_methods(self) -> list[MethodSpec]:
        return [MethodSpec(f"asks-{gpus:g}", "1", "nowhere:Nothing", gpus=gpus) for gpus in (0.25, 1)]


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import ray

    from harness.execution.executors.capacity import Capacity

    def make(nodes: list[dict[str, float]], threads: int = 1, **cluster: Any) -> Capacity:
        found = [{"Alive": True, "Resources": node} for node in nodes]
        found.append({"Alive": False, "Resources": {"CPU": 64.0, "GPU": 8.0}})
        monkeypatch.setattr(ray, "nodes", lambda: found)
        return Capacity(Cluster(**cluster), threads)

    plugin = Hungry()
    registry.plugins().manager.register(plugin)
    yield make
    registry.plugins().manager.unregister(plugin)


def job(name: str) -> JobSpec:
    return replace(JOB, method=name)


@pytest.mark.parametrize(("threads", "cores"), [(1, 1), (4, 4), (64, 4)])
def test_no_task_asks_for_more_cores_than_a_node_has(room: Any, threads: int, cores: int) -> None:
    assert room(MIXED, threads).cpus == cores
    assert room(MIXED, cpus_per_job=threads).cpus == cores


@pytest.mark.parametrize(("method", "gpus", "at_once"), [("asks-0.25", 0.25, 4), ("asks-1", 1, 1)])
def test_a_job_asks_for_the_gpus_that_its_method_declares_where_there_are_any(
    room: Any, method: str, gpus: float, at_once: int
) -> None:
    assert room(LAPTOP).needs(job(method)).gpus == 0
    needs = room(MIXED).needs(job(method))
    assert needs.options() == {"num_cpus": 1, "num_gpus": gpus, "max_retries": 0}
    assert room(MIXED).slots(needs) == at_once
    assert room(MIXED).whole(needs).options() == {"num_cpus": 4, "num_gpus": gpus, "max_retries": 0}
    assert (room(MIXED).window(needs), room(MIXED, max_jobs=3).window(needs)) == (2 * at_once, 3)


def test_what_was_asked_for_counts_more_than_what_is_declared(room: Any) -> None:
    assert room(MIXED, gpus_per_job=0.5).needs(job("asks-1")).gpus == 0.5
    with pytest.raises(HarnessError, match=r"--gpus-per-job 2: no node has so many, the largest has 1"):
        room(MIXED, gpus_per_job=2)
    assert room(MIXED, gpus_per_job=2, address="auto").needs(job("asks-1")).gpus == 2  # a cluster may grow


@pytest.mark.parametrize("gpus", [1.5, 2, -0.5])
def test_a_job_trains_on_one_gpu(gpus: float) -> None:
    with pytest.raises(ValueError, match=rf"method 'odd': gpus={gpus:g}, but a job trains on one GPU"):
        MethodSpec("odd", "1", "nowhere:Nothing", gpus=gpus)

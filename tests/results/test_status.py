"""Every job of a store and how it stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.core.context import RunContext
from harness.execution.claims import Claims
from harness.planning.plan import Plan, Planned
from harness.plugin import registry
from harness.results.status import forget_plans, job_states, note_plan
from helpers.stored import JOB, put


def test_a_job_that_waits_for_a_worker_is_not_running(tmp_path: Path) -> None:
    jobs = [replace(JOB, seed=seed) for seed in range(4)]
    plan = Plan([Planned(job, "missing") for job in jobs], jobs, [], RunContext(str(tmp_path), "", {}, ""))
    note_plan(tmp_path, (planned.job for planned in plan.jobs))
    with Claims(plan) as claims:
        put(claims.store, jobs[0], "failed")
        assert [claims.take(job) for job in jobs] == ["finished", "ours", "ours", "ours"]
        claims.started(jobs[1].id)
        claims.started(jobs[2].id)
        claims.waits(jobs[2])  # its worker was lost
        assert states(tmp_path) == {0: "failed", 1: "running", 2: "planned", 3: "planned"}
        claims.release(jobs[1])
        assert states(tmp_path)[1] == "planned"
    assert list((tmp_path / ".leases").iterdir()) == []
    for job in jobs[1:]:
        put(claims.store, job)
    forget_plans(tmp_path)
    assert list((tmp_path / ".plans").iterdir()) == []


def states(root: Path) -> dict[int, str]:
    seeds = {replace(JOB, seed=seed).id: seed for seed in range(4)}
    return {seeds[entry.id]: entry.state for entry in job_states(root, registry.method_sources())}

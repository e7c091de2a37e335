"""A job, and results of it put into a store."""

from __future__ import annotations

from typing import Any

from harness.core.backbone_spec import BackboneId
from harness.core.frame_input import FrameInput
from harness.core.job import JobSpec, Protocol
from harness.results.store import Store, write_json

JOB = JobSpec(
    dataset="toy",
    fingerprint="f",
    fold="1",
    method="linear",
    method_version="1",
    seed=1,
    options={},
    input=FrameInput(),
    backbone=BackboneId("tiny", "random", "0"),
    protocol=Protocol("toy", "1", "", "", ("left", "right")),
)


def result(status: str = "done", job: JobSpec = JOB, **more: Any) -> dict[str, Any]:
    named = {"id": job.id, "dataset": job.dataset, "method": job.method, "variant": "", "fold": job.fold}
    plain = {"schema": 1, "status": status, "seed": job.seed, "plugin": {"source_sha256": "abc"}, "phases": {"fit": 1}}
    return {**named, **plain, **more}


def put(store: Store, job: JobSpec, status: str = "done", **more: Any) -> None:
    with store.draft(job) as draft:
        (draft / "predictions.parquet").write_bytes(b"PAR1 and PAR1")
        write_json(draft / "result.json", result(status, job, **more))

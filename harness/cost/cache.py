"""What a method costs, counted once for all jobs that share a cache: it depends on neither fold nor seed."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.core.digest import digest
from harness.core.errors import CannotWrite
from harness.core.job import JobSpec
from harness.cost.count import cost_of
from harness.models.method import Method, Task
from harness.results.provenance import package_versions
from harness.system.files import write_atomically
from harness.system.source_hash import package_sha256


def counted(
    job: JobSpec,
    source_sha256: str,
    method: Method,
    task: Task,
    cache: Path,
) -> dict[str, Any]:
    """Return `cost_of` the job's method, from the cache if the same code has counted it before.

    Raises:
        NotCounted: attention is hidden from the counter.
    """
    path = cache / "costs" / f"{digest([cost_key(job, source_sha256), _counter()])}.json"
    with suppress(OSError, ValueError):  # none yet, or one that a full disk cut short
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    cost = cost_of(method, task)
    with suppress(CannotWrite):  # the next job counts again
        write_atomically(path, lambda draft: draft.write_text(json.dumps(cost), encoding="utf-8"))
    return cost


def cost_key(job: JobSpec, source_sha256: str) -> str:
    """Return a key that is equal for jobs whose method costs the same: what it is built from, without fold and seed."""
    method = [
        job.method,
        job.method_version,
        source_sha256,
        dict(job.options),
    ]
    return digest([method, job.input, job.backbone, job.protocol.classes])


@lru_cache
def _counter() -> str:
    """Return what counts, and what is counted beside the method itself:
    this project's code and the packages it stands on.
    """
    return digest([package_sha256("harness"), package_sha256("harness_plugins"), package_versions()])

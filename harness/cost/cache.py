"""What a method costs, counted once for all jobs that share a cache: it depends on neither fold nor seed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.core.digest import digest
from harness.core.errors import CannotWrite
from harness.core.job import JobSpec
from harness.cost.count import cost_of, encoder_gflops, parameters
from harness.models.method import Method, Task
from harness.results.provenance import package_versions
from harness.system.regular import MB
from harness.system.sealed import Damaged, read_sealed, tell_damaged, write_sealed
from harness.system.source_hash import package_sha256

COUNTS = ("gflops", "gflops_text", "gflops_train", "gflops_trained")
MOST_GFLOPS = 1e12  # of one clip or step; the largest networks that anyone has need a millionth of it
TINY = 1e-9  # of a count: rounding


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
    key = digest([cost_key(job, source_sha256), _counter()])
    path, about = cache / "costs" / f"{key}.json", f"cost of {job.method}, {key}"
    with suppress(FileNotFoundError):
        try:
            return _stored(path, about, method, task)
        except Damaged as error:
            tell_damaged(path, error, "the cost is counted again")
    cost = cost_of(method, task)
    with suppress(CannotWrite):  # the next job counts again
        write_sealed(path, json.dumps(cost).encode(), about)
    return cost


def _stored(
    path: Path,
    about: str,
    method: Method,
    task: Task,
) -> dict[str, Any]:
    """Return a stored count. Raises: FileNotFoundError; Damaged if it cannot be that of the method."""
    try:
        found = json.loads(read_sealed(path, about, MB))
    except (ValueError, RecursionError) as error:
        raise Damaged("it is no JSON") from error
    for wrong in _faults(found, method, task):
        raise Damaged(wrong)
    return dict(found)


def _faults(
    found: Any,
    method: Method,
    task: Task,
) -> Iterator[str]:
    """Yield what a stored count says that the method, as it is built, cannot cost."""
    given = parameters(method, task.backbone)
    if not isinstance(found, dict) or found.keys() != {*COUNTS, *given, "text", "batch", "uncounted"}:
        yield "it has other fields than a count"
        return
    for name in COUNTS:
        value = found[name]
        if type(value) not in (int, float) or not 0 <= value <= MOST_GFLOPS:  # which no NaN is, either
            yield f"its {name} is {str(value)[:20]}"
            return
    for name, counted_now in given.items():
        if type(found[name]) is not int or found[name] != counted_now:
            yield f"its {name} is not that of the method"
    yield from _contradictions(found, method)
    if found["gflops"] * (1 + TINY) < encoder_gflops(method, task):
        yield "its gflops are less than those of its encoder alone"


def _contradictions(found: Mapping[str, Any], method: Method) -> Iterator[str]:
    """Yield where the fields of a count deny each other or what the method declares."""
    batches = {stage.batch_size for stage in method.stages()}
    if type(found["batch"]) is not int or found["batch"] not in {0, *batches}:
        yield "its batch is none that the method trains on"
    elif bool(found["batch"]) != bool(found["gflops_train"]):
        yield "a training step without a batch, or a batch without a step"
    if found["text"] not in ("cached", "per sample"):
        yield "it does not say whether text is encoded once"
    named = found["uncounted"]
    if not isinstance(named, dict) or not all(type(times) is int and times > 0 for times in named.values()):
        yield "it does not say which operators were left uncounted"


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

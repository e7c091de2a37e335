"""What a worker does, whichever executor it serves: fill a shard, or run a job."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.context import RunContext
from harness.errors import HarnessError
from harness.events import Send, for_job
from harness.provenance import now, provenance
from harness.records import identity
from harness.specs import JobSpec
from harness.store import Store, write_json

if TYPE_CHECKING:
    from harness.plan import Fill


def load_plugins(context: RunContext) -> None:
    """Load the run's one-file plugins in this process, if they are not there yet."""
    for path in context.plugin_files:
        registry.plugins().add_file(Path(path))


def fill_shard(fill: Fill, context: RunContext, *, skip_bad: bool) -> str | None:
    """Encode one shard. Returns why it failed, if it did: the jobs that need it will fail with the same reason."""
    with quiet_imports():
        from harness.lookup import fill_cache

    load_plugins(context)
    try:
        fill_cache(fill, context, skip_bad=skip_bad)
    except HarnessError as error:
        return str(error)
    return None


def execute(job: JobSpec, context: RunContext, send: Send) -> dict[str, Any]:
    """Run a job and return its result, which is stored by then."""
    with quiet_imports():
        from harness.job import run_job

    load_plugins(context)
    send_own = for_job(send, job.id)
    send_own({"event": "started"})
    with _storing(context):
        return run_job(job, context, send_own)


def store_failure(job: JobSpec, context: RunContext, reason: str) -> dict[str, Any]:
    """Record a job whose worker died before it could."""
    found = provenance(context.threads, now())
    result = {**identity(job), "status": "failed", "error": reason, "provenance": found}
    with _storing(context), Store(Path(context.out)).draft(job) as draft:
        (draft / "log.txt").write_text(reason + "\n", encoding="utf-8")
        write_json(draft / "result.json", result)
    return result


@contextmanager
def _storing(context: RunContext) -> Iterator[None]:
    """A full disk ends the run, since nothing else could be stored either."""
    try:
        yield
    except OSError as error:
        raise HarnessError(f"a result cannot be stored in {context.out}: {error}") from error


@contextmanager
def quiet_imports() -> Iterator[None]:
    """torch and open_clip take seconds to import, so workers do it, and warn of each other's deprecations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

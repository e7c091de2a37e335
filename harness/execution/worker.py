"""What a worker does, whichever executor it serves: fill a shard, or run a job."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.core.context import RunContext
from harness.core.errors import CannotWrite, HarnessError, OtherCode
from harness.core.events import EventSink, for_job
from harness.core.job import JobSpec
from harness.core.lazy import quiet_imports
from harness.core.text import first_few
from harness.data.places import dataset_place
from harness.features.view import features_folder
from harness.jobs.failure import as_stored
from harness.plugin import registry
from harness.results.provenance import now, provenance
from harness.results.records import identity
from harness.results.store import Store, write_json
from harness.system.files import sweep
from harness.system.folders import cache_folder
from harness.system.leases import Leases
from harness.system.source_hash import installed_folder, shipped

if TYPE_CHECKING:
    from harness.features.shards import ShardFill


NAMED = 3  # packages and plugins that an error names


def load_plugins(context: RunContext) -> None:
    """Load the run's one-file plugins in this process, if they are not there yet.

    Raises:
        OtherCode: this process runs other code than the driver, such as another version or another folder's.
    """
    registry.plugins().dataset_names.update(context.dataset_names)
    registry.plugins().add_files(shipped(Path(path)) for path in context.plugin_files)
    here = registry.running_code()
    others = [name for name, sha256 in context.code.items() if here.get(name) != sha256]
    if others:
        raise OtherCode(
            f"a worker on {platform.node()} runs another {first_few(others, NAMED)} than this process, from "
            f"{installed_folder('harness')}: install the same there, or send the code along with --ship-code"
        )


def fill_shard(
    fill: ShardFill,
    context: RunContext,
    *,
    skip_bad: bool,
) -> str | None:
    """Encode one shard. Returns why it failed, if it did: the jobs that need it will fail with the same reason."""
    with quiet_imports():
        from harness.jobs.load import fill_cache

    load_plugins(context)
    try:
        fill_cache(
            fill,
            registry.dataset(fill.dataset),
            registry.backbones(),
            context,
            registry.pipeline(),
            skip_bad=skip_bad,
        )
    except CannotWrite:
        raise
    except HarnessError as error:
        return str(error)
    return None


def execute(
    job: JobSpec,
    context: RunContext,
    send: EventSink,
) -> dict[str, Any]:
    """Run a job and return its result, which is stored by then."""
    with quiet_imports():
        from harness.jobs.run_job import run_job

    send_own = for_job(send, job.id)
    send_own({"event": "started"})
    load_plugins(context)
    with _storing(context):
        return run_job(job, registry.named(job), context, send_own)


@dataclass(frozen=True)
class ResultArchive:
    """A result as it travels where no folder is shared."""

    result: dict[str, Any]
    files: Mapping[str, bytes]


def execute_apart(
    job: JobSpec,
    context: RunContext,
    send: EventSink,
) -> ResultArchive:
    """Run a job where no folder is shared with the driver, with a cache and data of its own; send back the result."""
    load_plugins(context)
    cache = cache_folder()
    roots = {name: str(_own_root(name, Path(root))) for name, root in context.data_roots.items()}
    store = Store(cache / "collected")
    own = replace(
        context,
        out=str(store.root),
        cache=str(cache),
        data_roots=roots,
    )
    clean_up(own)
    result = execute(job, own, send)
    folder = store.folder(job)
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    shutil.rmtree(folder, ignore_errors=True)
    return ResultArchive(result, files)


def unpack(
    job: JobSpec,
    archive: ResultArchive,
    context: RunContext,
) -> dict[str, Any]:
    """Store what a worker sent back."""
    with _storing(context), Store(Path(context.out)).draft(job) as draft:
        for name, content in archive.files.items():
            (draft / Path(name).name).write_bytes(content)
    return archive.result


def store_failure(
    job: JobSpec,
    context: RunContext,
    reason: str,
) -> dict[str, Any]:
    """Record a job whose worker died before it could."""
    method = registry.method(job.method)
    found = {**provenance(context, now(), method.distribution, job.weights), "retries": list(context.lost)}
    tries = f" (tried {len(context.lost) + 1} times)" if context.lost else ""
    failed = {
        **identity(job, method),
        "status": "failed",
        "error": reason + tries,
        "provenance": found,
    }
    result = as_stored(failed, context)
    store = Store(Path(context.out))
    with _storing(context), store.draft(job) as draft:
        text = store.lost_logs(job) + "\n".join([*context.lost, reason]) + "\n"
        (draft / "log.txt").write_text(text, encoding="utf-8")
        write_json(draft / "result.json", result)
    store.checkpoint(job).unlink(missing_ok=True)
    return result


def clean_up(context: RunContext) -> None:
    """Remove what processes that were killed left in the store and in the cache."""
    Store(Path(context.out)).sweep()
    sweep(Path(context.cache))
    Leases(features_folder(Path(context.cache))).sweep()


def _own_root(name: str, planned: Path) -> Path:
    """Return where this machine has a dataset: at the driver's path, or where its own configuration says."""
    return planned if planned.is_dir() else dataset_place(registry.dataset(name), None).root


@contextmanager
def _storing(context: RunContext) -> Iterator[None]:
    """End the run on a full disk, since nothing else could be stored either."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(
            f"a result cannot be stored in {context.out}: {error}; what is finished is kept, and the same command goes "
            f"on once this is mended"
        ) from error

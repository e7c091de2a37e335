"""The Ray session of a run: one that is there, one that `--address` or RAY_ADDRESS names, or one of our own."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path
from typing import Any

import ray

from harness.core.errors import HarnessError
from harness.core.text import first_line
from harness.execution.executors.can_start import address_of, cannot_start, check_ray
from harness.execution.executors.local_ray import left_nothing, seconds_to_start, within
from harness.execution.executors.shipping import bundle
from harness.execution.executors.token import found_token, own_token
from harness.planning.cluster import Cluster
from harness.system.pools import unheard
from harness.system.shutdown import shutdown
from harness.system.source_hash import installed_folder
from harness.system.timeout import JobTimeout

STORE_BYTES = 200_000_000  # results are small and features travel by file

# What a terminal sends to a whole group of processes. Ray keeps Ctrl-C from its own; if they ended by the others, the
# driver would wait in vain for its workers to save where they stand.
KEYS = {getattr(signal, name) for name in ("SIGQUIT", "SIGHUP") if hasattr(signal, name)}


@contextmanager
def session(cluster: Cluster, plugin_files: Sequence[str] = ()) -> Iterator[None]:
    """Connect to Ray while the block runs.

    Raises:
        HarnessError: there is no Ray at the address, or none can start here.
    """
    if ray.is_initialized():
        yield
        return
    check_ray(cluster)
    address = address_of(cluster)
    with ExitStack() as stack:
        where: dict[str, Any] = {}
        if cluster.ship_code:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="harness-")))
            where["runtime_env"] = {"working_dir": str(bundle(folder, plugin_files))}
        if not address:
            _start(stack, where)
        else:
            _connect(stack, address, where)
        # Ray put its own handler of SIGTERM, which aborts, in the place of ours.
        stack.enter_context(shutdown.listen(*{signal.SIGTERM, *shutdown.heard} - {signal.SIGINT}))
        yield


def _start(stack: ExitStack, where: dict[str, Any]) -> None:
    """Start Ray on this machine, for this driver alone. Raises: HarnessError if it does not start in time."""
    try:
        stack.enter_context(own_token())
        with within(seconds_to_start()), unheard(KEYS):
            _init(
                address="local",
                num_cpus=os.cpu_count(),
                object_store_memory=STORE_BYTES,
                include_dashboard=False,
                **where,
            )
    except (Exception, JobTimeout, SystemExit) as error:
        if shutdown.exit_code:
            raise
        ray.shutdown()
        raise cannot_start(first_line(error)) from error
    stack.callback(left_nothing(), ray.shutdown)


def _connect(
    stack: ExitStack,
    address: str,
    where: dict[str, Any],
) -> None:
    stack.enter_context(found_token())
    try:
        _init(address=address, **where)
    except (ConnectionError, RuntimeError, ValueError, ImportError, OSError) as error:
        raise HarnessError(
            f"no Ray at {address}: {first_line(error)}; does it run (`ray status`)? One that wants a token needs the "
            f"one of `ray get-auth-token` here, too"
        ) from error
    stack.callback(ray.shutdown)


def _init(**options: Any) -> None:
    with chdir(installed_folder("harness").parent):  # Ray puts this folder before all else on workers' path
        ray.init(log_to_driver=False, logging_level="ERROR", **options)

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
from harness.execution.executors.shipping import bundle
from harness.planning.cluster import Cluster
from harness.system.shutdown import shutdown
from harness.system.source_hash import installed_folder

STORE_BYTES = 200_000_000  # results are small and features travel by file


@contextmanager
def session(cluster: Cluster, plugin_files: Sequence[str] = ()) -> Iterator[None]:
    """Connect to Ray while the block runs.

    Raises:
        HarnessError: there is no Ray at the address.
    """
    if ray.is_initialized():
        yield
        return
    address = cluster.address or os.environ.get("RAY_ADDRESS")
    where: dict[str, Any] = {"address": address}
    if not address or address == "local":
        where = {"address": "local", "num_cpus": os.cpu_count(), "object_store_memory": STORE_BYTES,
                 "include_dashboard": False}  # fmt: skip
    with ExitStack() as stack:
        if cluster.ship_code:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="harness-")))
            where["runtime_env"] = {"working_dir": str(bundle(folder, plugin_files))}
        try:
            with chdir(installed_folder("harness").parent):  # Ray puts this folder before all else on workers' path
                ray.init(log_to_driver=False, logging_level="ERROR", **where)
        except (ConnectionError, RuntimeError, ValueError, ImportError) as error:
            first = str(error).strip().splitlines()[0]
            raise HarnessError(
                f"no Ray at {address or 'this machine'}: {first}; does it run (`ray status`)? One that wants a token "
                f"needs RAY_AUTH_MODE=token here, too"
            ) from error
        try:
            with shutdown.listen(signal.SIGTERM):  # Ray put its own handler, which aborts, in the place of ours
                yield
        finally:
            ray.shutdown()

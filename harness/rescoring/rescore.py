"""A whole store rescored: in batches, in an order of its own, so that several drivers share the work."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness.core.errors import HarnessError
from harness.core.metric import MetricSpec
from harness.rescoring.batch import NAME, Rescored, rescore_batch
from harness.results.folders import LeftOut, result_folders
from harness.results.predictions import Ids
from harness.results.store import Store
from harness.system.shutdown import shutdown

FILES = 256  # read at once; of the largest test folds they take about 250 MB
PATIENCE = 20  # times that results are tried again at which another process is
PAUSE = 0.25  # seconds before each of them


def rescore(
    root: Path,
    metrics: Mapping[str, MetricSpec],
    progress: Callable[[int, int], None],
) -> list[Rescored]:
    """Compute metrics that are new or of another version for every result of a store; a result is whole at any time.

    What is done stays done: after an interruption the same call goes on with the rest, and one more changes nothing.

    Args:
        root: a runs folder.
        metrics: by name.
        progress: is told how many results are done, of how many.

    Returns:
        What came of each result, in order of their paths.

    Raises:
        HarnessError: there is no such folder, no result in it, or it cannot be written.
    """
    if not root.is_dir():
        raise HarnessError(f"{root}: no such folder; name the folder that `harness bench` wrote its results to")
    left_out: LeftOut = {}
    folders = [folder for folder in result_folders(os.fspath(root), left_out) if os.path.lexists(f"{folder}/{NAME}")]
    if not folders:
        raise HarnessError(f"no results in {root}; run `harness bench` first")
    store, found = Store(root), dict[str, Rescored]()
    store.check_writable()
    _pass(store, folders, metrics, found, progress)
    for _ in range(PATIENCE):
        waiting = [folder for folder in folders if found[folder].state == "busy"]
        if not waiting:
            break
        time.sleep(PAUSE)
        _pass(store, waiting, metrics, found, progress)
    refused = (Rescored(path, "refused", reasons=(why,)) for path, why in left_out.items())
    return [*(found[folder] for folder in folders), *refused]


def _pass(
    store: Store,
    folders: Sequence[str],
    metrics: Mapping[str, MetricSpec],
    found: dict[str, Rescored],
    progress: Callable[[int, int], None],
) -> None:
    """Go through results once. Batches come in another order in every process."""
    batches, known = [folders[start : start + FILES] for start in range(0, len(folders), FILES)], Ids()
    random.shuffle(batches)
    total = max(len(folders), len(found))
    for batch in batches:
        shutdown.check()
        for answer in rescore_batch(store, batch, metrics, known):
            found[answer.path] = answer
        progress(len(found), total)

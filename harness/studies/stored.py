"""What a store already holds of a study's rows."""

from __future__ import annotations

from typing import Any

from harness.core.digest import digest
from harness.core.errors import HarnessError
from harness.plugin.specs import StudySpec
from harness.results.store import Store

SAME = ("options", "input", "backbone", "weights", "protocol_hash")  # in all results that one cell is a mean of


def stored_results(spec: StudySpec, store: Store) -> list[dict[str, Any]]:
    """Return every stored result of a row of the study, on any dataset.

    Raises:
        HarnessError: there is no such folder, or a row was run in more than one way, so that no mean can be taken.
    """
    if not store.root.is_dir():
        raise HarnessError(f"{store.root}: no such folder; `harness study {spec.name}` without --show makes it")
    keys = {row.key for row in spec.rows if row.method}
    results = [result for result in store.sound() if (result["method"], result["variant"]) in keys]
    ways: dict[tuple[str, str], set[str]] = {}
    for result in results:
        name = result["variant"] or result["method"]
        ways.setdefault((name, result["dataset"]), set()).add(digest([result.get(key) or {} for key in SAME]))
    for (name, dataset), found in ways.items():
        if len(found) > 1:
            raise HarnessError(
                f"{store.root}: {name} on {dataset} was run under {len(found)} protocols or recipes, of which no mean "
                f"can be taken; run the study into a folder of its own (--out)"
            )
    return results

"""`harness rescore RUNS`: metrics that are new, or of another version, from stored predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.counted import counting
from harness.cli.output import Json, PluginFiles, Runs, load_plugins, print_json, roots_of, say
from harness.core.errors import find_named
from harness.core.metric import MetricSpec
from harness.core.text import first_few
from harness.plugin import registry

if TYPE_CHECKING:
    from harness.rescoring.batch import Rescored

EXIT_REFUSED = 1
SHOWN = 20  # results named to people; --json names all
SAID = {
    "rescored": "rescored",
    "current": "had these versions already",
    "left-out": "no metric gave a value",
    "failed": "failed jobs, without predictions",
    "refused": "refused",
    "busy": "left to another process that is at their jobs",
}


def rescore(
    folder: Annotated[Path | None, typer.Argument(help="A runs folder; the same as --runs.")] = None,
    runs: Runs = None,
    plugin: PluginFiles = None,
    metrics: Annotated[
        str | None, typer.Option("--metrics", help="Names, comma-separated; without, every registered metric.")
    ] = None,
    json_: Json = False,
) -> None:
    """Compute metrics that stored results lack, or have of another version, from their predictions; nothing is trained.

    Each result.json is replaced in one step and keeps everything else. Results whose predictions do not bear out
    their stored scores are refused, with the reason, and the rest goes on. After an interruption the same command
    goes on where it stopped; several may run at once.

    Exits 1 if a result was refused or a metric left out, 2 if nothing could be done.

    Examples:

        harness rescore runs --plugin metric.py

        harness rescore runs --plugin metric.py --metrics top2 --json
    """
    from harness.rescoring.rescore import rescore as rescore_store

    load_plugins(plugin)
    chosen = _chosen(metrics)
    found: list[Rescored] = []
    with counting(quiet=json_) as counter:
        for root in roots_of(runs, folder):
            found += rescore_store(root, chosen, counter(f"rescoring {root}"))
    unfinished = [one for one in found if one.reasons]
    if json_:
        print_json(_facts(found, unfinished, chosen))
    else:
        _tell(found, unfinished)
    if unfinished:
        raise typer.Exit(EXIT_REFUSED)


def _chosen(names: str | None) -> Mapping[str, MetricSpec]:
    """Return the metrics asked for. Raises: HarnessError for a name that none has, with the closest one."""
    known = registry.metrics()
    if names is None:
        return known
    return {name.strip(): find_named("metric", known, name.strip()) for name in names.split(",")}


def _facts(
    found: Sequence[Rescored],
    unfinished: Sequence[Rescored],
    chosen: Mapping[str, MetricSpec],
) -> dict[str, Any]:
    states = Counter[str](one.state for one in found)
    computed = Counter(name for one in found for name in one.metrics)
    return {
        "ok": not unfinished,
        "counts": {state: states[state] for state in SAID},
        "metrics": {name: {"version": spec.version, "computed": computed[name]} for name, spec in chosen.items()},
        "reasons": [{"path": one.path, "state": one.state, "reasons": one.reasons} for one in unfinished],
    }


def _tell(found: Sequence[Rescored], unfinished: Sequence[Rescored]) -> None:
    for one in unfinished[:SHOWN]:
        say(f"{one.path}: {one.state}: {first_few(list(one.reasons), SHOWN)}")
    if len(unfinished) > SHOWN:
        say(f"and {len(unfinished) - SHOWN} more; --json names all")
    states = Counter[str](one.state for one in found)
    computed = Counter(name for one in found for name in one.metrics)
    for name, count in computed.items():
        say(f"{name}: computed for {count:,} results")
    counted = ", ".join(f"{states[state]:,} {text}" for state, text in SAID.items() if states[state])
    say(f"{len(found):,} results: {counted}")

"""An analysis from names to files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.analysis.select import RunPlaces, RunSelection, analysis_named, choose, context_of
from harness.core import options
from harness.core.errors import BadOption, HarnessError
from harness.core.events import Say, say_nothing
from harness.core.lazy import load_object
from harness.core.request import parse_overrides
from harness.plugin.specs import AnalysisSpec
from harness.results.store import open_stores

if TYPE_CHECKING:
    from harness.plugin.specs import Analyse


def run_analysis(
    name: str,
    where: RunPlaces,
    out: Path,
    wanted: RunSelection,
    overrides: Iterable[str] = (),
    say: Say = say_nothing,
) -> Sequence[Path]:
    """Apply an analysis to finished runs and return the files it wrote, below `out/NAME`; quick runs are said.

    Raises:
        HarnessError: an unknown name, a bad option, nothing to analyse, or runs without weights, data or backbone.
    """
    spec = analysis_named(name)
    values = _options(spec, overrides)
    store = open_stores(where.roots)
    results = choose(spec, store, wanted)
    for path, why in store.left_out.items():
        say(f"left out: {path}: {why}")
    quick = sum(bool(result.get("quick")) for result in results)
    if quick:
        say(f"{quick} of {len(results)} runs are of `bench --quick`, which no table ranks")
    from harness.analysis.finished import FinishedRun
    from harness.system.device import reproducible

    finished = [FinishedRun(r, context_of(r, where)) for r in results]
    folder = out / spec.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarnessError(f"cannot write {folder}: {error.strerror}; choose another folder with --out") from error
    with reproducible(where.threads):
        return list(_function(spec)(finished, folder, values))


def _options(spec: AnalysisSpec, overrides: Iterable[str]) -> Any:
    given = parse_overrides(overrides)
    for name in given:
        if name != spec.name:
            raise BadOption(f"--set {name}.…: this analysis is {spec.name!r}, as in --set {spec.name}.OPTION=VALUE")
    return options.build(
        spec.options,
        given.get(spec.name, {}),
        spec.name,
    )


def _function(spec: AnalysisSpec) -> Analyse:
    function: Analyse = load_object(spec.run) if isinstance(spec.run, str) else spec.run
    return function

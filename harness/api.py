"""What the command line does, in a few lines of a notebook."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.core.request import build_request
from harness.plugin import registry
from harness.results.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from harness.planning.plan import Plan


log = logging.getLogger(__name__)


class Results(Sequence[dict[str, Any]]):
    """The results of a bench, those kept from an earlier run included; each is a parsed `result.json`."""

    def __init__(
        self,
        store: Store,
        results: Sequence[dict[str, Any]],
        left_out: Mapping[str, str] | None = None,
    ) -> None:
        """Take the results, and the methods of `all` that cannot run here, each with the reason and the remedy."""
        self.store = store
        self.left_out = dict(left_out or {})
        self._results = list(results)

    def __getitem__(self, index: Any) -> Any:
        return self._results[index]

    def __len__(self) -> int:
        return len(self._results)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._results)

    def frame(self) -> pd.DataFrame:
        """Return one row a job: what it was, its status, its metrics (fractions) and its cost."""
        import pandas as pd

        return pd.DataFrame([_flat(result) for result in self._results])

    def predictions(self, result: dict[str, Any]) -> pd.DataFrame:
        """Return the predictions of one of these results, one row a clip."""
        return self.store.predictions(result)


def bench(
    bench_file: str | Path | None = None,
    *,
    quiet: bool = False,
    **flags: Any,
) -> Results:
    """Run a bench and return its results.

    Args:
        bench_file: a TOML file, as for `harness bench`.
        quiet: show no progress.
        flags: the long flags of `harness bench`, with `_` for `-`: `methods="coop"`, `datasets=["dfew"]`,
            `seeds=[1, 2]`, `demo=True`, `set={"coop": {"context_tokens": 8}}`; `no_cache=True`.

    Returns:
        The results of every job of the plan, whether it ran now or had run before.

    Raises:
        HarnessError: anything that has to be put right first. A job that fails raises nothing; its status says so.
    """
    from harness.execution import run_bench
    from harness.execution.progress import progress

    request = build_request(flags, Path(bench_file) if bench_file else None)
    plan = run_bench.plan_bench(request, lambda name, done, total: None)
    for problem in registry.plugins().problems:
        log.warning("plugin %s: %s", problem.plugin, problem.reason)
    for method, reason in plan.left_out.items():
        log.warning("left out: %s: %s", method, reason)
    with progress(plan, quiet=quiet) as send:
        for _ in run_bench.run(plan, request.executor, send):
            pass
    return Results(Store(request.out), results_of(plan), plan.left_out)


def results_of(plan: Plan) -> list[dict[str, Any]]:
    """Return the stored results of a plan's jobs, in its order, whether they ran now or before."""
    store = Store(Path(plan.context.out))
    return [result for p in plan.jobs if (result := store.located(p.job)) is not None]


def _flat(result: dict[str, Any]) -> dict[str, Any]:
    keys = (
        "dataset",
        "fold",
        "method",
        "variant",
        "seed",
        "id",
        "status",
        "quick",
        "demo",
        "selection",
        "epoch",
        "error",
    )
    return {
        **{key: result.get(key) for key in keys},
        "backbone": result["backbone"]["name"],
        "frames": result["input"]["frames"],
        **result["metrics"],
        **{key: value for key, value in result["cost"].items() if not isinstance(value, dict)},
        "seconds": sum(result["phases"].values()),
    }

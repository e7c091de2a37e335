"""Which metrics a result lacks or has of another version, and the result with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.core.metric import MetricSpec
from harness.results.metric_versions import belongs, stored_version, values_of
from harness.statistics.scoring import Scores

Metrics = Mapping[str, MetricSpec]


def outdated(result: Mapping[str, Any], metrics: Metrics) -> dict[str, MetricSpec]:
    """Return the metrics of which a result has no value, or values of another version."""
    values, versions = result.get("metrics") or {}, result.get("metric_versions") or {}
    return {
        name: spec
        for name, spec in metrics.items()
        if not values_of(values, name) or stored_version(versions, name) != spec.version
    }


def with_scores(
    result: Mapping[str, Any],
    chosen: Metrics,
    scores: Scores,
) -> dict[str, Any]:
    """Return a result whose values of the chosen metrics are these; everything else is kept.

    A metric that gave no value has no version either, so that the next time it is tried again.
    """
    given = {name for name in chosen if values_of(scores.values, name)}
    new = {
        **result,
        "metrics": _without(result.get("metrics"), chosen) | scores.values,
        "metric_versions": _without(result.get("metric_versions"), chosen)
        | {name: chosen[name].version for name in given},
        "warnings": [*_other_warnings(result.get("warnings") or [], chosen), *scores.problems],
    }
    return new | _last_epoch(result, chosen)


def _without(values: Mapping[str, Any] | None, names: Iterable[str]) -> dict[str, Any]:
    return {key: value for key, value in (values or {}).items() if not any(belongs(key, name) for name in names)}


def _other_warnings(warnings: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return the warnings but for those of an earlier attempt at these metrics."""
    old = tuple(start for name in names for start in (f"metric {name!r} left out", f"metric '{name}."))
    return [text for text in warnings if not text.startswith(old)]


def _last_epoch(result: Mapping[str, Any], chosen: Metrics) -> dict[str, Any]:
    """Return the scores of an oracle job's last epoch less those of other versions: its predictions are not stored."""
    last = result.get("metrics_last")
    return {"metrics_last": _without(last, chosen)} if last else {}

"""A study as the bench that runs its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.core.errors import BadOption, HarnessError, UnknownName, suggestion
from harness.core.request import Request, build_request
from harness.plugin import registry
from harness.plugin.specs import StudyColumn, StudyRow, StudySpec, score_columns


def study_named(name: str) -> StudySpec:
    """Return the study of that name. Raises: UnknownName, with the closest one."""
    offers = registry.plugins().offers("studies")
    if name not in offers:
        raise UnknownName(f"unknown study {name!r}; {suggestion(name, offers)}")
    spec: StudySpec = offers[name].spec
    _check(spec)
    return spec


def as_bench(spec: StudySpec, flags: Mapping[str, Any]) -> Request | None:
    """Return the bench of a study's rows under the flags of the command line; None if none of its figures needs a run.

    Raises:
        HarnessError: a flag that does not fit.
    """
    rows = runnable(spec)
    if not spec.datasets or not rows:
        return None
    variants = [{"name": row.variant, "method": row.method, **row.own} for row in rows if row.variant]
    plain = list(dict.fromkeys(row.method for row in rows if not row.variant))
    flags = {key: value for key, value in flags.items() if value is not None}
    return build_request({"datasets": list(spec.datasets), **flags, "methods": plain or None, "variant": variants})


def columns_for(spec: StudySpec, datasets: Iterable[str]) -> tuple[StudyColumn, ...]:
    """Return the columns of the paper, then WAR and UAR on datasets that were run and that it does not have."""
    return (*spec.columns, *score_columns(*(name for name in dict.fromkeys(datasets) if name not in spec.datasets)))


def runnable(spec: StudySpec) -> list[StudyRow]:
    """Return the rows whose method is registered, each variant once."""
    offered = registry.plugins().offers("methods")
    return list({row.key: row for row in spec.rows if row.method in offered}.values())


def _check(spec: StudySpec) -> None:
    """Check what a plugin says of its study. Raises: HarnessError that names the row."""
    seen: dict[tuple[str, str], StudyRow] = {}
    for row in spec.rows:
        where = f"study {spec.name!r}, row {' / '.join(row.labels)!r}"
        if len(row.labels) != len(spec.labels) or len(row.printed) not in (0, len(spec.columns)):
            raise HarnessError(f"{where}: needs one label for each of {spec.labels} and one number a column, or none")
        if row.against and (row.against == row.labels or row.against not in {other.labels for other in spec.rows}):
            raise BadOption(f"{where}: is held against {row.against}, which are the labels of no other row")
        if row.method and bool(row.own) > bool(row.variant):
            raise BadOption(f"{where}: options need a variant's name, and so do a backbone and a recipe")
        if row.method and seen.setdefault(row.key, row).own != row.own:
            raise BadOption(f"{where}: variant {row.variant!r} stands for other options in another row")

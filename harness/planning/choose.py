"""Choose what is run or counted: methods with their options, datasets, folds, a backbone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import BadOption, UnknownName, suggestion
from harness.core.frame_input import FrameInput
from harness.core.request import DEFAULT_BACKBONE, DEMO_BACKBONE, Request, flatten
from harness.data.places import DEMO_ROOT
from harness.models.spec import MethodSpec
from harness.plugin import registry


def settled(
    names: Iterable[str], overrides: Mapping[str, Mapping[str, Any]]
) -> list[tuple[MethodSpec, dict[str, Any], FrameInput]]:
    """Return the methods with their options. Raises: HarnessError for an unknown name or a bad option."""
    for name in overrides:
        registry.method(name)  # an override of an unknown method is a slip
    specs = [registry.method(name).spec for name in dict.fromkeys(names)]
    return [(spec, *spec.settle(flatten(overrides.get(spec.name, {})))) for spec in specs]


def class_names(count: int) -> tuple[str, ...]:
    """Return so many class names, of the smallest registered dataset that has them: the length of a name is part of the
    cost.

    Raises:
        BadOption: no dataset has so many.
    """
    found = sorted((spec.class_names for spec in registry.datasets().values()), key=len)
    for names in found:
        if len(names) >= count:
            return names[:count]
    most = len(found[-1]) if found else 0
    raise BadOption(f"--classes {count}: no registered dataset has more than {most}")


@dataclass(frozen=True)
class MethodChoice:
    """A leaderboard row before it meets data: a method or a variant of one, its options and what it sees."""

    spec: MethodSpec
    variant: str
    options: Mapping[str, Any]
    input: FrameInput


@dataclass(frozen=True)
class Choice:
    """Specs that a request asks for, by the names that plugins offer. No data are read yet."""

    methods: Sequence[MethodChoice]
    datasets: Sequence[DatasetSpec]
    backbone: str  # as workers are told: a file by its absolute path
    data_root: Path | None


def choose(request: Request) -> Choice:
    """Look up what a request names. Raises: HarnessError for an unknown name or a bad option."""
    methods = list(_methods(request))  # options are checked before data are read
    datasets = [registry.dataset(name) for name in _datasets(request)]
    for name in request.layout:
        registry.dataset(name)  # a layout of an unknown dataset is a slip
    # With --demo only an explicit root counts, so that real data named elsewhere are never in its way.
    data_root = request.data_root or (DEMO_ROOT if request.demo else None)
    return Choice(methods, datasets, _backbone(request), data_root)


def _methods(request: Request) -> Iterator[MethodChoice]:
    offered = registry.plugins().offers("methods")
    names = request.methods
    if names is None:
        names = [] if request.variant else ["all"]
    for name in list(offered) if names == ["all"] else list(dict.fromkeys(names)):
        yield _settled(
            registry.method(name).spec,
            "",
            request.set.get(name, {}),
            request,
        )
    for name in request.set:
        registry.method(name)  # an override of an unknown method is a slip

    taken: set[str] = set()
    for variant in request.variant:
        if variant.name in taken or variant.name in offered:
            raise BadOption(f"variant {variant.name!r}: the name is taken; every row needs its own")
        taken.add(variant.name)
        low = flatten(request.set.get(variant.method, {}))
        yield _settled(
            registry.method(variant.method).spec,
            variant.name,
            {**low, **flatten(variant.set)},
            request,
        )


def _settled(
    spec: MethodSpec,
    variant: str,
    overrides: Mapping[str, Any],
    request: Request,
) -> MethodChoice:
    """Return a row with its options: defaults, the demo's short recipe, then what was set."""
    values, given = spec.settle({**(spec.demo if request.demo else {}), **flatten(overrides)})
    return MethodChoice(
        spec,
        variant,
        values,
        replace(given, views=0) if request.no_cache else given,
    )


def _datasets(request: Request) -> list[str]:
    known = registry.datasets()
    names = request.datasets
    if names is None and request.demo:
        names = [name for name, spec in known.items() if spec.write_demo]
    if names is None:
        raise BadOption(f"which datasets? --datasets {','.join(known)}; or --demo to try things out without data")
    fixed = [name for name, spec in known.items() if spec.folds]  # a folder of one's own is asked for by name
    return fixed if names == ["all"] else list(dict.fromkeys(names))


def chosen_folds(request: Request, known: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the folds asked for of each dataset. A dataset that lacks one is no error as long as another has it."""
    if request.folds == ["all"]:
        return {name: list(folds) for name, folds in known.items()}
    everything = {fold for folds in known.values() for fold in folds}
    for fold in request.folds:
        if fold not in everything:
            raise UnknownName(f"unknown fold {fold!r}; {suggestion(fold, everything)}")
    return {name: [fold for fold in folds if fold in request.folds] for name, folds in known.items()}


def _backbone(request: Request) -> str:
    """Return the backbone as workers are told: a file by its absolute path."""
    text = request.backbone or (DEMO_BACKBONE if request.demo else DEFAULT_BACKBONE)
    name, colon, given = text.partition(":")
    file = Path(given).expanduser()
    return f"{name}{colon}{file.resolve()}" if file.suffix and file.is_file() else text

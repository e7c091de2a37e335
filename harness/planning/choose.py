"""Choose what is run or counted: methods with their options, datasets, folds, a backbone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.core.backbone_spec import CLIP, NO_BACKBONE, NONE, PAPER, BackboneId
from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import BadOption, UnknownName, suggestion
from harness.core.frame_input import FrameInput
from harness.core.options import flatten
from harness.core.request import DEFAULT_BACKBONE, DEMO_BACKBONE, Request, Variant
from harness.data.places import DEMO_ROOT
from harness.models.public_weights import GivenWeights
from harness.models.spec import SOURCE, MethodSpec
from harness.planning.frame_inputs import checked_input
from harness.planning.given_weights import check_named, given_weights, lacking_start
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
    """A leaderboard row before it meets data: a method or a variant of one, its options and what it sees.

    Attributes:
        spec: the method.
        variant: name of the row, if it is not the method as it is.
        options: of the method, all of them.
        input: what it sees; `size` is filled in with the backbone.
        backbone: as workers are told; empty: the paper's, of which the method says nothing.
        by_name: whether it was asked for by its name, and not by `all`.
        dataset: the only one that it is for; empty: it is the same on every dataset.
        backbone_id: identity of the backbone, once it is found.
        weights: SHA-256 of each file that the method declares, once it is found, and of the one that the run gives it.
        given: that file.
        recipe: of the method's, as the run asked for it.
        lacks: what its recipe needs and the run does not give it, as a sentence.
    """

    spec: MethodSpec
    variant: str
    options: Mapping[str, Any]
    input: FrameInput
    backbone: str
    by_name: bool = True
    dataset: str = ""
    backbone_id: BackboneId = NO_BACKBONE
    weights: Mapping[str, str] = field(default_factory=dict)
    given: GivenWeights | None = None
    recipe: str = ""
    lacks: str = ""


@dataclass(frozen=True)
class Choice:
    """Specs that a request asks for, by the names that plugins offer. No data are read yet."""

    methods: Sequence[MethodChoice]
    datasets: Sequence[DatasetSpec]
    data_root: Path | None
    left_out: Mapping[str, str] = field(default_factory=dict)  # method of `all` -> why it is left out


def choose(request: Request) -> Choice:
    """Look up what a request names. Raises: HarnessError for an unknown name or a bad option."""
    names = _datasets(request)
    left_out = _without_recipe(request)
    methods = list(_methods(request, names, left_out))  # options are checked before data are read
    datasets = [registry.dataset(name) for name in names]
    check_named(request, (method.spec.name for method in methods), datasets)
    for name in request.layout:
        registry.dataset(name)  # a layout of an unknown dataset is a slip
    # With --demo only an explicit root counts, so that real data named elsewhere are never in its way.
    data_root = request.data_root or (DEMO_ROOT if request.demo else None)
    return Choice(methods, datasets, data_root, left_out)


def _without_recipe(request: Request) -> dict[str, str]:
    """Return the methods of `all` that lack the recipe that is asked for. Raises: BadOption if none has it."""
    offered = registry.methods()
    names, by_name = _names(request, offered)
    asked = request.recipe or SOURCE
    if by_name or asked == SOURCE:
        return {}
    lacking = [name for name in names if asked not in offered[name].recipes]
    if len(lacking) == len(names) and not request.variant:
        known = {SOURCE, *(recipe for name in names for recipe in offered[name].recipes)}
        raise BadOption(f"no method has a recipe {asked!r}; {suggestion(asked, known)}")
    return dict.fromkeys(lacking, f"it has no recipe {asked!r}")


def _methods(
    request: Request,
    datasets: Sequence[str],
    left_out: Collection[str],
) -> Iterator[MethodChoice]:
    offered = registry.methods()
    names, by_name = _names(request, offered)
    for name in (name for name in names if name not in left_out):
        plain = Variant(
            name=name,
            method=name,
            set=request.set.get(name, {}),
        )
        yield from _settled(plain, "", request, datasets, by_name=by_name)
    for name in request.set:
        registry.method(name)  # an override of an unknown method is a slip

    taken: set[str] = set()
    for variant in request.variant:
        if variant.name in taken or variant.name in offered:
            raise BadOption(f"variant {variant.name!r}: the name is taken; every row needs its own")
        taken.add(variant.name)
        low = flatten(request.set.get(variant.method, {}))
        whole = variant.model_copy(update={"set": {**low, **flatten(variant.set)}})
        yield from _settled(whole, variant.name, request, datasets)


def _names(request: Request, offered: Mapping[str, MethodSpec]) -> tuple[list[str], bool]:
    """Return the methods of a request, and whether it names them: `all` are those that are no sketch.

    Where the demo is asked for and nothing else, they are those that say so.
    """
    asked = request.methods
    if asked not in (None, ["all"]):
        return list(dict.fromkeys(asked)), True
    if asked is None and request.variant:
        return [], True
    whole = [name for name, spec in offered.items() if not spec.is_sketch]
    core = [name for name in whole if offered[name].in_demo]
    return (core if asked is None and request.demo else whole), False


def _settled(
    row: Variant,
    name: str,
    request: Request,
    datasets: Sequence[str],
    *,
    by_name: bool = True,
) -> Iterator[MethodChoice]:
    """Yield a row with its options: defaults, those of the dataset, its recipe, the demo's short one, what was set.

    Once for all datasets, or once for each if the method's recipe differs.
    """
    spec = registry.method(row.method).spec
    named = row.recipe or request.recipe or ""
    recipe, given = spec.recipe(named), given_weights(spec, request)
    short = flatten(spec.demo) if request.demo else {}
    for dataset in datasets if spec.by_dataset else [""]:
        values, seen = spec.settle({**spec.on(dataset), **recipe, **short, **flatten(row.set)})
        yield MethodChoice(
            spec,
            name,
            values,
            checked_input(replace(seen, views=0) if request.no_cache else seen, spec.name),
            _backbone(spec, row.backbone, request),
            by_name,
            dataset,
            given=given,
            recipe=request.recipe or "" if not row.recipe else "",
            lacks=lacking_start(spec, named, given),
        )


def _datasets(request: Request) -> list[str]:
    known = registry.datasets()
    names = request.datasets
    if names is None and request.demo:
        names = [name for name, spec in known.items() if spec.write_demo]
    if names is None:
        raise BadOption(f"which datasets? --datasets {','.join(known)}; or --demo to try things out without data")
    fixed = [name for name, spec in known.items() if spec.folds]  # a folder of one's own is asked for by name
    chosen = fixed if names == ["all"] else list(dict.fromkeys(names))
    return _with_name(chosen, request.dataset_name) if request.dataset_name else chosen


def _with_name(chosen: Sequence[str], name: str) -> list[str]:
    """Return the datasets with a name for the one that leaves its folds open. Raises: BadOption unless there is one."""
    own = [one for one in chosen if one in registry.datasets() and registry.dataset(one).is_open]
    if len(own) != 1:
        raise BadOption(
            f"--dataset-name {name}: names the one dataset of your own in --datasets, of which there are {len(own)}; "
            f"`harness data set NAME PATH` names several"
        )
    reader = registry.dataset(own[0]).reader or own[0]
    registry.name_dataset(name, reader)
    return [name if one == own[0] else one for one in chosen]


def chosen_folds(request: Request, known: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the folds asked for of each dataset. A dataset that lacks one is no error as long as another has it."""
    if request.folds == ["all"]:
        return {name: list(folds) for name, folds in known.items()}
    everything = {fold for folds in known.values() for fold in folds}
    for fold in request.folds:
        if fold not in everything:
            raise UnknownName(f"unknown fold {fold!r}; {suggestion(fold, everything)}")
    return {name: [fold for fold in folds if fold in request.folds] for name, folds in known.items()}


def _backbone(
    spec: MethodSpec,
    own: str,
    request: Request,
) -> str:
    """Return the backbone of a row as workers are told; empty where the method does not say what its paper used.

    Args:
        spec: the method.
        own: what the row asks for itself; empty: nothing.
        request: what the run asks for.

    Raises:
        BadOption: a row asks for a backbone of a method that takes none.
    """
    if own and spec.backbone == NONE:
        raise BadOption(f"method {spec.name!r} brings all of its network; its row can have no backbone {own!r}")
    if own and own != PAPER:
        return _with_whole_path(own)
    asked = own or request.backbone or (DEMO_BACKBONE if request.demo else DEFAULT_BACKBONE)
    return _with_whole_path(backbone_name(spec, asked))


def backbone_name(spec: MethodSpec, asked: str) -> str:
    """Return what a method runs on where a run asks for a backbone; empty where `paper` is asked for and it names none.

    A method on the run's CLIP follows the run, any other keeps its own.
    """
    if spec.backbone != CLIP:
        return spec.backbone
    return spec.paper_backbone if asked == PAPER else asked


def _with_whole_path(text: str) -> str:
    """Return a request for a backbone in which a file has its absolute path."""
    name, colon, given = text.partition(":")
    file = Path(given).expanduser()
    return f"{name}{colon}{file.resolve()}" if file.suffix and file.is_file() else text

"""Which finished runs an analysis is about, and where their data are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.backbone_spec import BUNDLED, BackboneId
from harness.core.context import RunContext, key_of
from harness.core.errors import HarnessError, UnknownName, suggestion
from harness.core.request import parse_names
from harness.data.places import DEMO_ROOT, dataset_place
from harness.plugin import registry
from harness.plugin.specs import AnalysisSpec
from harness.results.store import JoinedStores, Store
from harness.system.folders import cache_folder


@dataclass(frozen=True)
class RunSelection:
    """Selection of runs that `harness analyze` was asked for; a field that is empty leaves nothing out."""

    methods: tuple[str, ...] = ()  # or names of variants
    datasets: tuple[str, ...] = ()
    folds: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()

    @classmethod
    def parse(cls, **texts: str | None) -> RunSelection:
        """Read comma-separated names; `all` is the same as none."""
        return cls(**{key: tuple(parse_names(text)) for key, text in texts.items() if text and text != "all"})

    def fits(self, result: Mapping[str, Any]) -> bool:
        """Return whether a result is meant."""
        found: tuple[tuple[Collection[str], Collection[str]], ...] = (
            (self.methods, {result["method"], result["variant"]}),
            (self.datasets, {result["dataset"]}),
            (self.folds, {str(result["fold"])}),
            (self.seeds, {str(result["seed"])}),
        )
        return all(not asked or set(asked) & set(values) for asked, values in found)


@dataclass(frozen=True)
class RunPlaces:
    """Facts that a result does not say of itself: its store, the data, the backbone's weights, and how to compute."""

    runs: Path | Sequence[Path]
    data_root: Path | None = None  # holds the datasets
    layouts: Mapping[str, str] = field(default_factory=dict)  # dataset -> CLIPS:LISTS
    backbone: str | None = None
    threads: int = 1

    @property
    def roots(self) -> Sequence[Path]:
        """The runs folders, one or several."""
        return [self.runs] if isinstance(self.runs, Path) else self.runs


def analysis_named(name: str) -> AnalysisSpec:
    """Return the analysis of that name. Raises: UnknownName, with the closest one."""
    offers = registry.plugins().offers("analyses")
    if name not in offers:
        raise UnknownName(f"unknown analysis {name!r}; {suggestion(name, offers)}")
    spec: AnalysisSpec = offers[name].spec
    return spec


def choose(
    spec: AnalysisSpec,
    store: Store | JoinedStores,
    wanted: RunSelection,
) -> list[dict[str, Any]]:
    """Return the finished results that are wanted and that the analysis can be applied to.

    Raises:
        HarnessError: there are none.
    """
    if isinstance(store, Store) and not store.root.is_dir():
        raise HarnessError(f"{store.root}: no such folder; `harness bench --save-weights` makes it")
    results = [result for result in store.sound() if result["status"] == "done" and wanted.fits(result)]
    if not results:
        raise HarnessError(f"{store.root}: holds no finished result of those asked for; `harness status` shows them")
    fitting = [result for result in results if not spec.methods or result["method"] in spec.methods]
    if not fitting:
        there = ", ".join(sorted({result["method"] for result in results}))
        raise HarnessError(f"analysis {spec.name!r} is of {', '.join(spec.methods)}; {store.root} holds only {there}")
    return fitting


def context_of(result: Mapping[str, Any], where: RunPlaces) -> RunContext:
    """Return where the data and the backbone of a result are. A dataset that is nowhere is left out:
    not all need it.
    """
    spec = registry.dataset(result["dataset"])
    layout = where.layouts.get(spec.name, "")
    try:
        place = dataset_place(
            spec,
            where.data_root or (DEMO_ROOT if result["demo"] else None),
            layout,
        )
    except HarnessError:
        place = None
    made_with = BackboneId(**result["backbone"])
    return RunContext(
        out=str(where.roots[0].resolve()),
        cache=str(cache_folder().resolve()),
        data_roots={spec.name: str(place.root.resolve())} if place else {},
        layouts={spec.name: place.layout} if place else {},
        backbones={key_of(made_with): where.backbone or backbone_request(result["backbone"])},
        threads=where.threads,
    )


def backbone_request(backbone: Mapping[str, Any]) -> str:
    """Return what a result's backbone is asked for by;
    a file was stored without its folder, so it has to be named again.
    """
    bundled = backbone["weights"] in ("", BUNDLED)
    return str(backbone["name"] if bundled else f"{backbone['name']}:{backbone['weights']}")

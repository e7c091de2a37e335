"""Turn a request into jobs: datasets x folds x methods x seeds, and the encoding they need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from harness.core.backbone_spec import BackboneId
from harness.core.context import RunContext
from harness.core.errors import BadData, BadOption, UnknownName, suggestion
from harness.core.frame_input import FrameInput
from harness.core.job import JobSpec, Protocol
from harness.core.request import Request, flatten
from harness.data.dataset import Dataset, open_dataset
from harness.data.places import Place, cache_folder, dataset_place
from harness.models import weights
from harness.models.spec import MethodSpec
from harness.planning.cluster import Cluster
from harness.planning.durations import estimates
from harness.planning.missing_shards import Fill, missing_shards
from harness.plugin import registry
from harness.results.store import State, Store, state_of
from harness.results.summary import Stamp, all_headers

DEFAULT_BACKBONE = "ViT-B-32"
DEMO_BACKBONE = "demo"
DEMO_ROOT = Path("demo-data")


@dataclass(frozen=True)
class Planned:
    """A job and what the store holds of it."""

    job: JobSpec
    state: State
    stamp: Stamp | None = None  # of the result that is stored now


@dataclass(frozen=True)
class Plan:
    """What a bench will do."""

    jobs: Sequence[Planned]
    todo: Sequence[JobSpec]
    fills: Sequence[Fill]  # missing shards, in the order of the jobs that wait for them
    context: RunContext
    waits: Mapping[str, Sequence[Fill]] = field(default_factory=dict)  # job id -> the shards it waits for
    cluster: Cluster = field(default_factory=Cluster)
    notes: Sequence[str] = ()  # what is read of each dataset

    @property
    def states(self) -> Counter[str]:
        """Number of jobs by state."""
        return Counter(planned.state for planned in self.jobs)

    @property
    def frames_to_encode(self) -> int:
        """Frames that will go through a frozen encoder to fill the cache."""
        return sum(fill.clips * fill.view.input.frames for fill in self.fills)


@dataclass(frozen=True)
class Row:
    """A leaderboard row before it meets data: a method, or a variant of one."""

    spec: MethodSpec
    variant: str
    overrides: Mapping[str, Any]


def make_plan(request: Request) -> Plan:
    """Read the data, look into the store, and list what is to do.

    Raises:
        HarnessError: an unknown name, a bad option, missing data or weights: all before any work.
    """
    rows = list(_rows(request))
    settings = [_settle(row, request) for row in rows]  # options are checked before data are read
    specs = [registry.dataset(name) for name in _dataset_names(request)]
    backbone = _backbone_request(request)
    source = weights.resolve(backbone, registry.backbones())
    size = weights.image_size(source.model)
    cache = cache_folder()
    for name in request.layout:
        registry.dataset(name)  # a layout of an unknown dataset is a slip
    places = {s.name: dataset_place(s, _data_root(request), request.layout.get(s.name, "")) for s in specs}
    datasets = {
        s.name: open_dataset(s, places[s.name].root, cache, places[s.name].layout, thorough=True) for s in specs
    }
    wanted = _folds(request, {name: dataset.spec.folds for name, dataset in datasets.items()})
    protocols = {name: dataset.protocol(request.selection) for name, dataset in datasets.items()}
    settings = [(values, replace(given, size=given.size or size)) for values, given in settings]
    for name, folds in wanted.items():
        _check_complete(datasets[name], folds, request)
    jobs = [
        _job(row, settled, datasets[name], protocols[name], fold, seed, source.id, request)
        for name, folds in wanted.items()
        for fold in folds
        for row, settled in zip(rows, settings, strict=True)
        for seed in dict.fromkeys(request.seeds)
    ]
    if not jobs:
        raise BadOption("nothing to run: the methods, datasets and folds asked for make no job")
    context = _context(request, backbone, places, cache)
    planned = _look_up(jobs, Store(request.out))
    todo = [p.job for p in planned if _to_do(p.state, request)]
    missing = missing_shards(todo, datasets, cache)
    seconds = estimates(todo, all_headers(request.out) if todo else ())
    todo.sort(
        key=lambda job: (-seconds[job.id], len(missing[job.id]))
    )  # the longest, then those that can start soonest
    if request.collect:
        missing = {}  # without a shared folder each node has a cache of its own
    groups = {id(missing[job.id]): missing[job.id] for job in todo if job.id in missing}
    fills = list(dict.fromkeys(fill for group in groups.values() for fill in group))
    notes = [note for dataset in datasets.values() for note in dataset.notes]
    return Plan(planned, todo, fills, context, missing, _cluster(request), notes)


def _rows(request: Request) -> Iterator[Row]:
    offered = registry.plugins().offers("methods")
    names = request.methods
    if names is None:
        names = [] if request.variant else ["all"]
    for name in list(offered) if names == ["all"] else list(dict.fromkeys(names)):
        yield Row(registry.method(name).spec, "", request.set.get(name, {}))
    for name in request.set:
        registry.method(name)  # an override of an unknown method is a slip
    taken: set[str] = set()
    for variant in request.variant:
        if variant.name in taken or variant.name in offered:
            raise BadOption(f"variant {variant.name!r}: the name is taken; every row needs its own")
        taken.add(variant.name)
        low = flatten(request.set.get(variant.method, {}))
        yield Row(registry.method(variant.method).spec, variant.name, {**low, **flatten(variant.set)})


def _settle(row: Row, request: Request) -> tuple[dict[str, Any], FrameInput]:
    """Options and frame input of a row: defaults, the demo's short recipe, then what was set."""
    settled, given = row.spec.settle({**(row.spec.demo if request.demo else {}), **flatten(row.overrides)})
    return settled, replace(given, views=0) if request.no_cache else given


def _dataset_names(request: Request) -> list[str]:
    known = registry.datasets()
    names = request.datasets
    if names is None and request.demo:
        names = [name for name, spec in known.items() if spec.write_demo]
    if names is None:
        raise BadOption(f"which datasets? --datasets {','.join(known)}; or --demo to try things out without data")
    fixed = [name for name, spec in known.items() if spec.folds]  # a folder of one's own is asked for by name
    return fixed if names == ["all"] else list(dict.fromkeys(names))


def _folds(request: Request, known: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The folds asked for of each dataset. A dataset that lacks one is no error as long as another has it."""
    if request.folds == ["all"]:
        return {name: list(folds) for name, folds in known.items()}
    everything = {fold for folds in known.values() for fold in folds}
    for fold in request.folds:
        if fold not in everything:
            raise UnknownName(f"unknown fold {fold!r}; {suggestion(fold, everything)}")
    return {name: [fold for fold in folds if fold in request.folds] for name, folds in known.items()}


def _backbone_request(request: Request) -> str:
    """The backbone as workers are told: a file by its absolute path."""
    text = request.backbone or (DEMO_BACKBONE if request.demo else DEFAULT_BACKBONE)
    name, colon, given = text.partition(":")
    file = Path(given).expanduser()
    return f"{name}{colon}{file.resolve()}" if file.suffix and file.is_file() else text


def _data_root(request: Request) -> Path | None:
    """With --demo only an explicit root counts, so that real data named elsewhere are never in its way."""
    return request.data_root or (DEMO_ROOT if request.demo else None)


def _check_complete(dataset: Dataset, folds: Sequence[str], request: Request) -> None:
    for name in folds:
        fold = dataset.folds[name]
        if not (fold.train and fold.test):
            part = "test" if fold.train else "training"
            raise BadData(f"{dataset.spec.title}: fold {name} has no {part} clips ({dataset.found.layout})")
    missing = list({s.id: s for s in dataset.missing(folds)}.values())
    if not missing or request.on_bad_sample == "skip":
        return
    named = ", ".join(s.source.relative_to(dataset.root).as_posix() for s in missing[:5])
    raise BadData(
        f"{dataset.spec.title}: {len(missing)} of {len(dataset.samples)} clips have no frames below {dataset.root}, "
        f"e.g. {named}. Is the copy complete? --on-bad-sample skip leaves such clips out"
    )


def _job(
    row: Row,
    settled: tuple[dict[str, Any], FrameInput],
    dataset: Dataset,
    protocol: Protocol,
    fold: str,
    seed: int,
    backbone: BackboneId,
    request: Request,
) -> JobSpec:
    values, given = settled
    return JobSpec(
        dataset=dataset.spec.name,
        fingerprint=dataset.fingerprint,
        fold=fold,
        method=row.spec.name,
        method_version=row.spec.version,
        seed=seed,
        options=values,
        input=given,
        backbone=backbone,
        protocol=protocol,
        variant=row.variant,
        on_bad_sample=request.on_bad_sample,
        demo=dataset.demo,
    )


def _context(request: Request, backbone: str, places: Mapping[str, Place], cache: Path) -> RunContext:
    return RunContext(
        out=str(request.out.resolve()),
        cache=str(cache.resolve()),
        data_roots={name: str(place.root) for name, place in places.items()},
        layouts={name: place.layout for name, place in places.items()},
        backbone=backbone,
        plugin_files=tuple(str(path) for path in registry.plugins().files),
        threads=request.threads or request.cpus_per_job or 1,
        compile=request.compile,
        loader_workers=request.loader_workers,
        save_weights=request.save_weights,
        checkpoint_every=request.checkpoint_every,
        job_timeout=request.job_timeout,
        collect=request.collect,
        send_logs=request.logs,
    )


def _cluster(request: Request) -> Cluster:
    return Cluster(**{f.name: getattr(request, f.name) for f in fields(Cluster)})


def _look_up(jobs: Iterable[JobSpec], store: Store) -> list[Planned]:
    offers = registry.plugins().offers("methods")
    planned = []
    for job in jobs:
        header = store.header(job)
        state = state_of(header, offers[job.method].source_sha256)
        planned.append(Planned(job, state, header.stamp if header else None))
    return planned


def _to_do(state: State, request: Request) -> bool:
    if request.force or state == "missing":
        return True
    return (state == "stale" and not request.keep_stale) or (state == "failed" and request.retry_failed)

"""Turn a request into jobs: datasets x folds x methods x seeds, and the encoding they need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from harness.core.context import RunContext
from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import BadData, BadOption, CannotWrite, suggestion
from harness.core.events import Say, say_nothing
from harness.core.job import JobSpec, Protocol, SelectionRule
from harness.core.limits import MOST_JOBS
from harness.core.request import Request
from harness.core.weights_spec import AUTHORS
from harness.data.clip_index import UNREAD
from harness.data.dataset import Dataset, open_dataset
from harness.data.odd_frames import suffixes_in
from harness.data.places import dataset_place
from harness.features.shards import ShardFill
from harness.planning.choose import Choice, MethodChoice, choose, chosen_folds
from harness.planning.cluster import Cluster
from harness.planning.durations import estimates
from harness.planning.earlier import earlier_jobs, earlier_note
from harness.planning.fitting_weights import check_fits, places
from harness.planning.missing_shards import missing_shards
from harness.planning.names import check_names
from harness.planning.runnable import runnable
from harness.plugin import registry
from harness.results.store import State, Store, state_of
from harness.results.summary import FileVersion, ResultSummary
from harness.system.folders import cache_folder


@dataclass(frozen=True)
class Planned:
    """A job and what the store holds of it."""

    job: JobSpec
    state: State
    stamp: FileVersion | None = None  # of the result that is stored now
    quick: bool = False  # whether that was made by `bench --quick`, done or not


@dataclass(frozen=True)
class Plan:
    """Jobs of a bench, and what has to be done before them."""

    jobs: Sequence[Planned]
    todo: Sequence[JobSpec]
    fills: Sequence[ShardFill]  # missing shards, in the order of the jobs that wait for them
    context: RunContext
    waits: Mapping[str, Sequence[ShardFill]] = field(default_factory=dict)  # job id -> the shards it waits for
    cluster: Cluster = field(default_factory=Cluster)
    notes: Sequence[str] = ()  # what is read of each dataset
    keep: Sequence[Callable[[], None]] = ()  # store what datasets have to find again, such as folds made now
    left_out: Mapping[str, str] = field(
        default_factory=dict
    )  # method -> why it does not run, where `all` was asked for

    @property
    def states(self) -> Counter[str]:
        """Number of jobs by state."""
        return Counter(planned.state for planned in self.jobs)

    @property
    def frames_to_encode(self) -> int:
        """Frames that will go through a frozen encoder to fill the cache."""
        return sum(fill.clips * fill.view.input.frames for fill in self.fills)


@dataclass(frozen=True)
class Inputs:
    """Inputs that all jobs of a plan are made of, read and checked."""

    methods: Sequence[MethodChoice]
    datasets: Mapping[str, Dataset]
    folds: Mapping[str, Sequence[str]]


def make_plan(
    request: Request,
    say: Say = say_nothing,
    write_data: Callable[[], object] = lambda: None,
) -> Plan:
    """Read the data, look into the store, and list what is to do, saying each step before it is taken.

    Args:
        request: what is asked for.
        say: told what happens.
        write_data: called before data are read, and after all that can be refused without them.

    Raises:
        HarnessError: an unknown name, a bad option, missing data or weights: all before any work.
    """
    say("planning")
    chosen = choose(request)
    check_asked(request, chosen)
    context = make_context(request, chosen)
    say("looking for backbones and weights")
    able = runnable(chosen)
    check_fits(able.methods, chosen.datasets, able.sources)
    context = replace(context, backbones=able.backbones, given_weights=places(able.methods))
    write_data()
    inputs = open_inputs(request, chosen, able.methods, context, say)
    check_fits(able.methods, _found_open(inputs), able.sources)
    jobs = make_jobs(request, inputs)

    # What the store holds serves both: what is to do, and how long it will take.
    say(f"looking up {len(jobs)} jobs in {request.out}")
    store = Store(request.out)
    check_names(jobs, store)
    summaries = store.summaries()
    earlier = earlier_jobs(jobs, inputs.datasets, store, summaries)
    if request.keep_stale:
        jobs = [earlier.get(job.id, job) for job in jobs]
    planned = look_up(jobs, store, summaries)
    todo = [one.job for one in planned if _to_do(one, request)]

    # The longest job first, then the one that can start soonest.
    missing = missing_shards(
        todo,
        inputs.datasets,
        Path(context.cache),
    )
    seconds = estimates(todo, summaries.values())
    todo.sort(key=lambda job: (-seconds[job.id], len(missing[job.id])))

    if request.collect:
        missing = {}  # without a shared folder each node has a cache of its own
    notes = [note for dataset in inputs.datasets.values() for note in dataset.notes]
    notes += [*_quick_notes(planned, request), *_recipe_notes(inputs.methods), *_damage_notes(store)]
    notes += [earlier_note(len(earlier), request.keep_stale)] if earlier else []
    return Plan(
        planned,
        todo,
        _in_order(todo, missing),
        context,
        missing,
        _cluster(request),
        notes,
        [dataset.found.keep for dataset in inputs.datasets.values() if dataset.found.keep],
        able.left_out,
    )


def _found_open(inputs: Inputs) -> list[DatasetSpec]:
    """Return the datasets of one's own, whose classes are known only now."""
    return [dataset.spec for dataset in inputs.datasets.values() if dataset.spec.is_open]


def check_asked(request: Request, chosen: Choice) -> None:
    """Look at folds, counts and places as far as they can be told without data. Raises: HarnessError."""
    if request.out.exists() and not request.out.is_dir():
        raise CannotWrite(f"cannot write results to {request.out}: no folder; choose another one with --out")
    known = {spec.name: spec.folds for spec in chosen.datasets}
    if all(known.values()):  # a dataset of one's own has the folds that its lists name
        check_count(chosen.methods, chosen_folds(request, known), request.seeds)


def make_context(request: Request, chosen: Choice) -> RunContext:
    """Return what workers have to know beside their jobs: places and settings that are part of no identity."""
    places = {}
    for spec in chosen.datasets:
        places[spec.name] = dataset_place(
            spec,
            chosen.data_root,
            request.layout.get(spec.name) or request.layout.get(spec.reader, ""),
        )
    same = {f.name: getattr(request, f.name) for f in fields(RunContext) if f.name in Request.model_fields}
    own = {
        "out": str(request.out.resolve()),
        "cache": str(cache_folder().resolve()),
        "data_roots": {name: str(place.root) for name, place in places.items()},
        "layouts": {name: place.layout for name, place in places.items()},
        "backbones": {},
        "code": registry.running_code(),
        "dataset_names": {spec.name: spec.reader for spec in chosen.datasets if spec.reader},
        "plugin_files": tuple(str(path) for path in registry.plugins().files),
        "threads": request.threads or request.cpus_per_job or 1,
        "send_logs": request.logs,
    }
    return RunContext(**{**same, **own})


def open_inputs(
    request: Request,
    chosen: Choice,
    methods: Sequence[MethodChoice],
    context: RunContext,
    say: Say = say_nothing,
) -> Inputs:
    """Open the datasets, and check that the folds asked for are whole.

    Raises:
        HarnessError: data are missing, or an unknown fold.
    """
    datasets = {}
    for spec in chosen.datasets:
        say(f"reading annotations of {spec.name}, counting its frames; those that are new are read once")
        root, layout = Path(context.data_roots[spec.name]), context.layouts[spec.name]
        datasets[spec.name] = open_dataset(
            spec,
            root,
            Path(context.cache),
            layout,
            thorough=True,
            say=say,
        )
    folds = chosen_folds(request, {name: dataset.spec.folds for name, dataset in datasets.items()})
    for name, wanted in folds.items():
        _check_complete(datasets[name], wanted, request)
    return Inputs(methods, datasets, folds)


def make_jobs(request: Request, inputs: Inputs) -> list[JobSpec]:
    """Return every job: datasets x folds x methods x seeds. Raises: BadOption if there is none, or too many."""
    check_count(inputs.methods, inputs.folds, request.seeds)
    jobs = []
    for name, dataset in inputs.datasets.items():
        protocol = dataset.protocol(request.selection)
        for fold in inputs.folds[name]:
            for method in inputs.methods:
                if method.dataset not in ("", name):
                    continue
                for seed in dict.fromkeys(request.seeds):
                    jobs.append(_job(method, dataset, protocol, fold, seed, request))
    if not jobs:
        raise BadOption("nothing to run: the methods, datasets and folds asked for make no job")
    return jobs


def check_count(
    methods: Sequence[MethodChoice],
    folds: Mapping[str, Sequence[str]],
    seeds: Sequence[int],
) -> None:
    """Count the jobs before any is made. Raises: BadOption for more than can be meant."""
    rows = {name: sum(method.dataset in ("", name) for method in methods) for name in folds}
    count = len(set(seeds)) * sum(rows[name] * len(folds[name]) for name in folds)
    if count > MOST_JOBS:
        raise BadOption(
            f"{count:,} jobs ({len(set(seeds)):,} seeds, {len(methods):,} methods, on every fold) are more than can be "
            f"meant in one run, at most {MOST_JOBS:,}: ask for fewer --seeds, --methods or --folds"
        )


def look_up(
    jobs: Iterable[JobSpec],
    store: Store,
    summaries: Mapping[str, ResultSummary],
) -> list[Planned]:
    """Return each job with what the store holds of it, as its summaries by folder tell."""
    sources = registry.method_sources()
    planned = []
    for job in jobs:
        summary = summaries.get(str(store.folder(job)))
        state = state_of(summary, sources[job.method])
        known = (summary.stamp, summary.quick) if summary else (None, False)
        planned.append(Planned(job, state, *known))
    return planned


def _in_order(todo: Sequence[JobSpec], missing: Mapping[str, Sequence[ShardFill]]) -> list[ShardFill]:
    """Return the missing shards in the order of the jobs that wait for them; many jobs share one list of them."""
    groups = {id(missing[job.id]): missing[job.id] for job in todo if job.id in missing}
    fills: dict[ShardFill, None] = {}
    for group in groups.values():
        fills.update(dict.fromkeys(group))
    return list(fills)


def _check_complete(
    dataset: Dataset,
    folds: Sequence[str],
    request: Request,
) -> None:
    for name in folds:
        fold = dataset.folds[name]
        if not (fold.train and fold.test):
            part = "test" if fold.train else "training"
            raise BadData(f"{dataset.spec.title}: fold {name} has no {part} clips ({dataset.found.layout})")
    missing = list({s.id: s for s in dataset.missing(folds)}.values())
    if not missing or request.on_bad_sample == "skip":
        return
    named = ", ".join(s.source.relative_to(dataset.root).as_posix() for s in missing[:5])
    unread = suffixes_in([sample for sample in missing if dataset.infos[sample.source].oddities & UNREAD])
    why = f" Images of theirs are {', '.join(unread)}, which is not read: convert them." if unread else ""
    raise BadData(
        f"{dataset.spec.title}: {len(missing)} of {len(dataset.samples)} clips have no frames below {dataset.root}, "
        f"e.g. {named}. Is the copy complete?{why} --on-bad-sample skip leaves such clips out"
    )


def _job(
    method: MethodChoice,
    dataset: Dataset,
    protocol: Protocol,
    fold: str,
    seed: int,
    request: Request,
) -> JobSpec:
    return JobSpec(
        dataset=dataset.spec.name,
        fingerprint=dataset.fingerprint,
        fold=fold,
        method=method.spec.name,
        method_version=method.spec.version,
        seed=seed,
        options=method.options,
        input=method.input,
        backbone=method.backbone_id,
        protocol=replace(
            protocol,
            selection=_selection(method, protocol),
            test_views=method.input.test_views,
        ),
        variant=method.variant,
        on_bad_sample=request.on_bad_sample,
        demo=dataset.demo,
        weights=method.weights,
        recipe=method.recipe,
    )


def _selection(method: MethodChoice, protocol: Protocol) -> SelectionRule:
    return "authors" if AUTHORS in method.weights else protocol.selection


def _cluster(request: Request) -> Cluster:
    return Cluster(**{f.name: getattr(request, f.name) for f in fields(Cluster)})


def _to_do(planned: Planned, request: Request) -> bool:
    """Return whether a job is run. A quick result stands for no full run, and replaces no full result."""
    state = planned.state
    if request.quick and state == "done":
        return False
    if request.force or state == "missing" or (planned.quick and not request.quick):
        return True
    return (state == "stale" and not request.keep_stale) or (state == "failed" and request.retry_failed)


def _recipe_notes(methods: Iterable[MethodChoice]) -> Iterator[str]:
    """Yield which recipes are of datasets that nobody offers: a slip, or a plugin that is not loaded."""
    known = registry.datasets()
    for name, spec in {method.spec.name: method.spec for method in methods}.items():
        for dataset in spec.by_dataset:
            if dataset not in known:
                hint = suggestion(dataset, known)
                yield f"{name}: by_dataset has a recipe for {dataset!r}, which is no dataset here; {hint}"


def _damage_notes(store: Store) -> Iterator[str]:
    """Yield what the store holds that is no result: its jobs are run again if they are of this run."""
    yield from (f"left out: {path}: {why}" for path, why in store.left_out.items())


def _quick_notes(planned: Iterable[Planned], request: Request) -> Iterator[str]:
    """Yield what a run has to say of quick results before it starts."""
    quick = sum(one.quick for one in planned)
    full = sum(one.state == "done" for one in planned)
    if request.quick:
        yield "quick: neither latency nor cost is measured, and no result is ranked; run without --quick for that"
    if request.quick and request.force and full:
        yield f"quick: {full} full results are kept, --force or not"
    if quick and not request.quick:
        yield f"{quick} results of --quick are replaced by full ones"

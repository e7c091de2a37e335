"""One job: from a plain description to a result on disk. Runs the same here and on a worker."""

from __future__ import annotations

import logging
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness import backbones, registry, weights
from harness.context import RunContext
from harness.cost import cost_of
from harness.data import Dataset, open_dataset
from harness.device import PeakMemory, pick_device, reproducible
from harness.errors import BadData, HarnessError
from harness.features import FeatureCache
from harness.method import Method, Task
from harness.provenance import now, provenance
from harness.records import identity, write_records
from harness.scoring import confusion, score
from harness.seeds import seed_everything, seed_of
from harness.selection import metrics_of, monitor_for, training_part
from harness.specs import JobSpec, Predictions, Sample, digest
from harness.store import Store
from harness.supply import Supply
from harness.training.loop import Fitted, Report, fit, predict

if TYPE_CHECKING:
    from harness.plan import Fill

log = logging.getLogger(__name__)
_costs: dict[str, Mapping[str, Any]] = {}


@dataclass
class Outcome:
    """What a finished job leaves to be written."""

    result: dict[str, Any]
    samples: list[Sample] = field(default_factory=list)
    logits: np.ndarray | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    state: dict[str, torch.Tensor] = field(default_factory=dict)


def run_job(job: JobSpec, context: RunContext, report: Report) -> dict[str, Any]:
    """Run a job and store its result, which is returned. A broken method costs its own row, not the run.

    Raises:
        OSError: the result cannot be written.
    """
    store = Store(Path(context.out))
    with store.draft(job) as draft, _logged(draft / "log.txt"):
        started = now()
        log.info("%s: job %s started", job.label, job.id)
        outcome = _guarded(job, context, started, report)
        try:
            write_records(draft, outcome)
        except (TypeError, ValueError) as error:  # a plugin gave what cannot be stored, such as a metric of NaN
            outcome = _failed(job, context, started, error)
            write_records(draft, outcome)
    return outcome.result


def _guarded(job: JobSpec, context: RunContext, started: str, report: Report) -> Outcome:
    caught: list[str] = []
    try:
        with reproducible(context.threads), _noted(caught):
            outcome = _Run(job, context, report).outcome()
    except Exception as error:
        outcome = _failed(job, context, started, error)
    outcome.result["warnings"] = sorted({*outcome.result.get("warnings", ()), *caught})
    outcome.result["provenance"] = provenance(context.threads, started)
    return outcome


def _failed(job: JobSpec, context: RunContext, started: str, error: Exception) -> Outcome:
    log.error("%s", "".join(traceback.format_exception(error)))
    found = provenance(context.threads, started)
    return Outcome({**identity(job), "status": "failed", "error": _reason(error), "provenance": found})


class _Run:
    """The steps of one job, with their seconds."""

    def __init__(self, job: JobSpec, context: RunContext, report: Report) -> None:
        self.job = job
        self.context = context
        self.report = report
        self.phases: dict[str, float] = {}
        self.device = pick_device()

    def outcome(self) -> Outcome:
        """Everything from loading to scoring."""
        job, peak = self.job, PeakMemory(self.device)
        seed_everything(seed_of("init", job.seed))
        with self.phase("load"):
            dataset = load_dataset(job, self.context)
            backbone = load_backbone(job, self.context, self.device)
            task = Task(dataset.spec.class_names, backbone, job.input)
            method = build_method(job, task).to(self.device)
        supply = Supply(dataset, backbone, job, self.context, encoder=method.encoder)
        fold = dataset.folds[job.fold]
        with self.phase("encode"):
            supply.prepare(fold, trains=bool(method.stages()))
        with self.phase("fit"), supply.counting_bad(fold):
            train, held_out = training_part(fold, job.protocol.selection)
            monitor = monitor_for(job, supply, held_out, fold, self.device)
            usable = supply.usable(train)
            fitted = fit(method, supply.train(usable), job.seed, self.device, self.report, monitor)
        with self.phase("test"), supply.counting_bad(fold):
            scored = supply.usable(fold.test)
            logits = predict(method, supply.test(scored), self.device)
        with self.phase("score"):
            result = self._result(dataset, method, task, fitted, scored, logits)
        result["n_unscored"] = len(fold.test) - len(scored)
        result["cost"]["peak_memory_mb"] = peak.mb()
        result["phases"] = {name: round(seconds, 4) for name, seconds in self.phases.items()}
        result["warnings"] = [*supply.warnings(len(train) - len(usable), result["n_unscored"])]
        return Outcome(result, scored, logits, fitted.history, _state(method, backbone, self.context))

    def _result(
        self,
        dataset: Dataset,
        method: Method,
        task: Task,
        fitted: Fitted,
        scored: list[Sample],
        logits: np.ndarray,
    ) -> dict[str, Any]:
        labels = np.array([sample.label for sample in scored])
        predictions = Predictions(labels, logits, dataset.spec.class_names)
        return {
            **identity(self.job),
            "status": "done",
            "split_sha256": dataset.split_sha256[self.job.fold],
            "official": dataset.official(self.job.fold),
            "epoch": fitted.epoch,
            "metrics": score(predictions, registry.metrics()),
            **metrics_of(self.job, fitted),
            "confusion": confusion(predictions),
            "n_scored": len(scored),
            "cost": dict(self._cost(method, task)),
        }

    def _cost(self, method: Method, task: Task) -> Mapping[str, Any]:
        """Counted once a process for all folds and seeds: it depends on neither."""
        job = self.job
        key = digest([job.method, job.method_version, dict(job.options), asdict(job.input), asdict(job.backbone),
                      job.protocol.classes])  # fmt: skip
        if key not in _costs:
            _costs[key] = cost_of(method, task)
        return _costs[key]

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure a step, and say that it has begun."""
        self.report({"event": "phase", "phase": name})
        started = time.perf_counter()
        try:
            yield
        finally:
            self.phases[name] = time.perf_counter() - started


def build_method(job: JobSpec, task: Task) -> Method:
    """The method's module, by the plugin's `build`."""
    import importlib

    from harness import options

    spec = registry.method(job.method).spec
    build: Callable[..., Method]
    if callable(spec.build):
        build = spec.build
    else:
        module, _, name = spec.build.partition(":")
        build = getattr(importlib.import_module(module), name)
    return build(task, options.build(spec.options, job.options, job.method))


def load_dataset(job: JobSpec, context: RunContext) -> Dataset:
    """The job's dataset. Raises: BadData if it is not the one that was planned with."""
    return as_planned(job.dataset, job.fingerprint, context)


def as_planned(name: str, fingerprint: str, context: RunContext) -> Dataset:
    """A dataset as it was planned with. What this process read for an earlier run is read again if need be."""
    place = (name, context.data_roots[name], context.cache)
    if opened(*place).fingerprint != fingerprint:
        opened.cache_clear()
    dataset = opened(*place)
    if dataset.fingerprint != fingerprint:
        raise BadData(f"{dataset.root} changed after the run was planned; start the run again")
    return dataset


@lru_cache(maxsize=8)
def opened(name: str, root: str, cache: str) -> Dataset:
    """A dataset, read once a process."""
    return open_dataset(registry.dataset(name), Path(root), Path(cache))


def load_backbone(job: JobSpec, context: RunContext, device: torch.device) -> backbones.Backbone:
    """The job's backbone on its device. Raises: HarnessError if its weights are not the ones planned with."""
    source = weights.resolve(context.backbone)
    if source.id != job.backbone:
        raise HarnessError(f"weights of {context.backbone} changed after the run was planned; start the run again")
    backbone = backbones.load(source)
    backbone.model.to(device)
    return backbone


def _reason(error: Exception) -> str:
    """What a person needs to know: our own errors speak for themselves, others need their type and place."""
    if isinstance(error, HarnessError):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"


def _state(method: Method, backbone: backbones.Backbone, context: RunContext) -> dict[str, torch.Tensor]:
    if not context.save_weights:
        return {}
    shared = {id(p) for p in backbone.model.parameters()}
    return {name: p.detach().cpu().contiguous() for name, p in method.named_parameters() if id(p) not in shared}


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Send what the harness and its plugins log during a job to the job's own file."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("harness")
    before = root.level, root.propagate
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    root.propagate = False  # some libraries give the root logger a handler that prints
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        root.propagate = before[1]
        handler.close()


@contextmanager
def _noted(messages: list[str]) -> Iterator[None]:
    """Keep Python's warnings for the result instead of printing them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            yield
        finally:
            messages.extend(f"{w.category.__name__}: {w.message}" for w in caught)


def fill_cache(fill: Fill, context: RunContext, *, skip_bad: bool) -> None:
    """Encode one shard of the feature cache, with the same threads as a job would.

    Raises:
        BadData: the dataset changed since the plan, or a clip cannot be read.
    """
    dataset = as_planned(fill.dataset, fill.fingerprint, context)
    backbone = backbones.load(weights.resolve(context.backbone))
    backbone.model.to(pick_device())
    with reproducible(context.threads):
        cache = FeatureCache(Path(context.cache) / "features")
        cache.ensure(dataset, fill.view, fill.shard, backbone, skip_bad=skip_bad)

"""One job: from a plain description to a result on disk. Runs the same here and on a worker."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from harness.core.context import RunContext
from harness.core.dataset_spec import Sample
from harness.core.digest import digest
from harness.core.errors import CannotWrite, HarnessError
from harness.core.job import JobSpec
from harness.core.metric import Predictions
from harness.cost.cache import cost_key, counted
from harness.cost.count import parameters
from harness.cost.latency import speed_of
from harness.data.dataset import Dataset
from harness.jobs.job_inputs import JobInputs
from harness.jobs.load import build_method, load_backbone, load_dataset
from harness.jobs.log import logged_to, warnings_kept
from harness.jobs.selection import metrics_of, monitor_for, training_part
from harness.models.backbone import Backbone
from harness.models.compile import compile_layers
from harness.models.method import Method, Task, own_parameters
from harness.plugin import registry
from harness.results.provenance import now, provenance
from harness.results.records import Outcome, identity, write_records
from harness.results.store import Store
from harness.statistics.scoring import confusion, score
from harness.system.device import PeakMemory, pick_device, reproducible
from harness.system.seeds import seed_everything, seed_of
from harness.system.timeout import JobTimeout
from harness.training.checkpoint import Checkpoints, CheckpointUnfit
from harness.training.loop import TEST_BATCH, Report, fit, predict
from harness.training.state import Fitted

log = logging.getLogger(__name__)

_speeds: dict[str, dict[str, float]] = {}


def run_job(job: JobSpec, context: RunContext, report: Report) -> dict[str, Any]:
    """Run a job and store its result, which is returned. A broken method costs its own row, not the run.

    Raises:
        OSError: the result cannot be written.
        CannotWrite: the cache cannot.
    """
    store = Store(Path(context.out))
    with store.draft(job) as draft, logged_to(draft / "log.txt", report if context.send_logs else None):
        started = now()
        log.info("%s: job %s started", job.label, job.id)
        outcome = _guarded(job, context, started, report)
        try:
            write_records(draft, outcome)
        except (TypeError, ValueError) as error:  # a plugin gave what cannot be stored, such as a metric of NaN
            outcome = _failed(job, context, started, error)
            write_records(draft, outcome)
    store.checkpoint(job).unlink(missing_ok=True)
    return outcome.result


def _guarded(job: JobSpec, context: RunContext, started: str, report: Report) -> Outcome:
    caught: list[str] = []
    try:
        with reproducible(context.threads), warnings_kept(caught):
            outcome = _outcome(job, context, report)
    except CannotWrite:
        raise  # the cache: other jobs would fail as well
    except (Exception, SystemExit, JobTimeout) as error:
        outcome = _failed(job, context, started, error)
    outcome.result["warnings"] = sorted({*outcome.result.get("warnings", ()), *caught})
    outcome.result["provenance"] = {**provenance(context, started), "retries": list(context.lost)}
    return outcome


def _failed(job: JobSpec, context: RunContext, started: str, error: BaseException) -> Outcome:
    log.error("%s", "".join(traceback.format_exception(error)))
    found = provenance(context, started)
    return Outcome(
        {**identity(job, registry.method(job.method)), "status": "failed", "error": _reason(error), "provenance": found}
    )


def _outcome(job: JobSpec, context: RunContext, report: Report) -> Outcome:
    """Run the job; a GPU that is too small gets smaller micro-batches, from the first step on."""
    micro = 1
    while True:
        run = _Run(job, context, report, micro)
        try:
            return run.outcome()
        except CheckpointUnfit:
            log.warning("the checkpoint does not fit the method as it is now: training starts anew")
            run.checkpoints.remove()
        except torch.OutOfMemoryError as error:
            if run.batch // micro <= 1:
                raise
            micro *= 2
            log.warning("out of GPU memory (%s): %d times as many micro-batches", str(error).split(". ")[0], micro)
        torch.cuda.empty_cache()


class _Run:
    """The steps of one job, with their seconds."""

    def __init__(self, job: JobSpec, context: RunContext, report: Report, micro: int) -> None:
        self.job = job
        self.context = context
        self.report = report
        self.micro = micro
        self.batch = 0  # the largest that goes through the method; 0 = none yet, so a smaller one would not help
        self.phases: dict[str, float] = {}
        self.device = pick_device()
        path = Store(Path(context.out)).checkpoint(job)
        self.checkpoints = Checkpoints(path, self._key(), context.checkpoint_every)

    def outcome(self) -> Outcome:
        """Everything from loading to scoring."""
        job, peak = self.job, PeakMemory(self.device)
        seed_everything(seed_of("init", job.seed))
        with self.phase("load"):
            dataset = load_dataset(job.dataset, job.fingerprint, self.context)
            backbone = load_backbone(job.backbone, self.context, self.device)
            task = Task(dataset.spec.class_names, backbone, job.input)
            method = build_method(job, task).to(self.device)
            if self.context.compile:
                compile_layers(method, self.device)
        self.checkpoints = replace(self.checkpoints, shared=_tensor_ids(backbone))
        supply = JobInputs(dataset, backbone, job, self.context, encoder=method.encoder)
        fold = dataset.folds[job.fold]
        with self.phase("encode"):
            supply.prepare(fold, trains=bool(method.stages()))
        self.batch = max([TEST_BATCH, *(stage.batch_size // stage.accumulate for stage in method.stages())])
        with self.phase("fit"), supply.naming_bad_clips(fold):
            train, held_out = training_part(fold, job.protocol.selection)
            monitor = monitor_for(job, supply, held_out, fold, self.device, self.micro)
            usable = supply.usable(train)
            fitted = fit(method, supply.train(usable), job.seed, self.device, self.report, monitor,
                         checkpoints=self.checkpoints, micro=self.micro)  # fmt: skip
        with self.phase("test"), supply.naming_bad_clips(fold):
            scored = supply.usable(fold.test)
            logits = predict(method, supply.test(scored), self.device, self.micro)
        with self.phase("score"):
            memory = peak.mb()
            result = self._result(dataset, method, task, fitted, scored, logits)
        result["n_unscored"] = len(fold.test) - len(scored)
        result["cost"]["peak_memory_mb"] = memory
        result["phases"] = {name: round(seconds, 4) for name, seconds in self.phases.items()}
        result["warnings"] = [*supply.warnings(len(train) - len(usable), result["n_unscored"])]
        if "error" in result["cost"]:
            result["warnings"].append(f"cost left out: {result['cost']['error']}")
        if self.micro > 1:
            result["warnings"].append(
                f"out of GPU memory: each batch went through in {self.micro} times as many parts; the batch that a "
                f"step is taken on stayed the same"
            )
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
            **identity(self.job, registry.method(self.job.method)),
            "status": "done",
            "split_sha256": dataset.split_sha256[self.job.fold],
            "official": dataset.official(self.job.fold),
            "epoch": fitted.epoch,
            "metrics": score(predictions, registry.metrics()),
            **metrics_of(self.job, fitted),
            "confusion": confusion(predictions),
            "n_scored": len(scored),
            "cost": self._cost(method, task),
        }

    def _cost(self, method: Method, task: Task) -> dict[str, Any]:
        """A method that cannot be counted keeps its scores, and says under `error` why it has no GFLOPs."""
        found: dict[str, Any] = dict(parameters(method, task.backbone))
        try:
            found |= self._speed(method, task)
            source = registry.method(self.job.method).source_sha256
            found |= counted(self.job, source, method, task, Path(self.context.cache))
        except Exception as error:
            found["error"] = _reason(error)
        return found

    def _speed(self, method: Method, task: Task) -> dict[str, float]:
        """Measured once a process for all folds and seeds: it depends on neither."""
        key = cost_key(self.job, registry.method(self.job.method).source_sha256)
        if key not in _speeds:
            _speeds[key] = speed_of(method, task, self.device)
        return _speeds[key]

    def _key(self) -> str:
        """Of everything beside the job that bits depend on: a checkpoint of another key is not gone on from."""
        source = registry.method(self.job.method).source_sha256
        return digest(
            [
                self.job.id,
                source,
                self.context.threads,
                self.context.compile,
                self.micro,
                self.device.type,
                torch.__version__,
            ]
        )

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure a step, and say that it has begun."""
        self.report({"event": "phase", "phase": name})
        started = time.perf_counter()
        try:
            yield
        finally:
            self.phases[name] = time.perf_counter() - started


def _reason(error: BaseException) -> str:
    """What a person needs to know: our own errors speak for themselves, others need their type and place."""
    if isinstance(error, HarnessError | JobTimeout):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"


def _tensor_ids(backbone: Backbone) -> set[int]:
    return {id(tensor) for named in (backbone.model.parameters(), backbone.model.buffers()) for tensor in named}


def _state(method: Method, backbone: Backbone, context: RunContext) -> dict[str, torch.Tensor]:
    if not context.save_weights:
        return {}
    return {name: p.detach().cpu().contiguous() for name, p in own_parameters(method, backbone).items()}

"""One job: from a plain description to a result on disk. Runs the same here and on a worker."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import Any

import open_clip  # noqa: F401  (before it is noted what the code of the process is)
import torch

from harness.core.context import RunContext
from harness.core.errors import CannotWrite, HarnessError
from harness.core.job import JobSpec
from harness.core.text import first_few, first_line
from harness.jobs.check_logits import check_logits
from harness.jobs.failure import as_stored, reason_of
from harness.jobs.log import logged_to, warnings_kept
from harness.jobs.phases import Loaded, Phases, encode, fit, load, naming_what_changed, test
from harness.jobs.saved import weights_of, why_not_rebuilt
from harness.jobs.score import scored
from harness.plugin.named import Named
from harness.results.provenance import now, provenance
from harness.results.records import Outcome, identity, write_records
from harness.results.store import Store
from harness.system.device import PeakMemory, pick_device, reproducible
from harness.system.plugin_code import contained
from harness.system.process_state import settings_kept
from harness.system.timeout import JobTimeout
from harness.training.checkpoint import CheckpointUnfit
from harness.training.loop import Report

ANOTHER = "built again from its weights and options, the method is another"
NAMED = 5  # changes of the process that a result names

log = logging.getLogger(__name__)


def run_job(
    job: JobSpec,
    named: Named,
    context: RunContext,
    report: Report,
) -> dict[str, Any]:
    """Run a job and store its result, which is returned. A broken method costs its own row, not the run.

    Args:
        job: what is to be done.
        named: the specs of what the job names.
        context: where data, cache and results are, and how to compute.
        report: called with each event of the job.

    Raises:
        OSError: the result cannot be written.
        CannotWrite: the cache cannot.
    """
    store = Store(Path(context.out))
    with store.draft(job) as draft, logged_to(draft / "log.txt", report, whole=context.send_logs):
        started = now()
        log.info("%s: job %s started", job.label, job.id)
        outcome = _guarded(job, named, context, started, report)
        try:
            write_records(draft, outcome)
        except (TypeError, ValueError) as error:  # a plugin gave what cannot be stored, such as a metric of NaN
            outcome = _failed(job, named, context, started, error)
            outcome.result = as_stored(outcome.result, context)
            write_records(draft, outcome)
    store.checkpoint(job).unlink(missing_ok=True)
    return outcome.result


def _guarded(
    job: JobSpec,
    named: Named,
    context: RunContext,
    started: str,
    report: Report,
) -> Outcome:
    caught: list[str] = []
    changes: list[str] = []
    try:
        with (
            contained(),
            torch.inference_mode(mode=False),  # and out of it again, whatever a method enters
            reproducible(context.threads),
            warnings_kept(caught),
            settings_kept(changes, job=True),
        ):
            outcome = _outcome(job, named, context, report, changes)
    except CannotWrite:
        raise  # the cache: other jobs would fail as well
    except (Exception, JobTimeout) as error:
        outcome = _failed(job, named, context, started, error)
    if changes:
        changed = first_few(list(dict.fromkeys(changes)), NAMED)
        caught.append(f"it changed {changed} of the process, which was put back for the next job")
    outcome.result["warnings"] = sorted({*outcome.result.get("warnings", ()), *caught})
    outcome.result["provenance"] = _origin(job, named, context, started)
    outcome.result = as_stored(outcome.result, context)
    return outcome


def _origin(
    job: JobSpec,
    named: Named,
    context: RunContext,
    started: str,
) -> dict[str, Any]:
    found = provenance(context, started, named.method.distribution, job.weights)
    return {**found, "retries": list(context.lost)}


def _failed(
    job: JobSpec,
    named: Named,
    context: RunContext,
    started: str,
    error: BaseException,
) -> Outcome:
    log.error("%s", "".join(traceback.format_exception(error)))
    result = {
        **identity(job, named.method),
        "status": "failed",
        "error": reason_of(error, named),
        "provenance": _origin(job, named, context, started),
    }
    return Outcome(result)


def _outcome(
    job: JobSpec,
    named: Named,
    context: RunContext,
    report: Report,
    changes: list[str],
) -> Outcome:
    """Run the phases; a GPU that is too small gets smaller micro-batches, from the first step on."""
    micro = 1
    while True:
        phases, memory = Phases(report), PeakMemory(pick_device())
        with phases.phase("load"):
            loaded = load(job, named, context, changes)
        try:
            with naming_what_changed(loaded.backbone):
                return _of_phases(loaded, phases, memory, micro)
        except CheckpointUnfit:
            log.warning("the checkpoint does not fit the method as it is now: training starts anew")
            loaded.checkpoints(micro).remove()
        except torch.OutOfMemoryError as error:
            if loaded.largest_batch // micro <= 1:
                raise
            if loaded.needs_whole_batches():
                raise HarnessError(
                    f"out of GPU memory ({first_line(error)}), and no batch can be split, since its loss or its "
                    f"normalisation is over all its clips: a smaller batch_size or a larger GPU is needed"
                ) from error
            micro *= 2
            log.warning(
                "out of GPU memory (%s): %d times as many micro-batches",
                str(error).split(". ")[0],
                micro,
            )
        del loaded
        torch.cuda.empty_cache()


def _of_phases(
    loaded: Loaded,
    phases: Phases,
    memory: PeakMemory,
    micro: int,
) -> Outcome:
    """Go through the phases from encoding to scoring."""
    with phases.phase("encode"):
        parts = encode(loaded)
    with phases.phase("fit"):
        fitted = fit(
            loaded,
            parts,
            loaded.checkpoints(micro),
            phases.report,
            micro,
        )
    with phases.phase("test"):
        logits = test(loaded, parts, micro)
        check_logits(loaded, parts, logits, micro)
    with phases.phase("score"):
        peak = memory.mb()  # before scoring, which counts and times the method
        result = scored(loaded, parts, fitted, logits, micro)
        loaded.backbone.check_guard()  # what has changed it fails this job; the next one gets a copy loaded anew
    result["cost"]["peak_memory_mb"] = peak
    result["phases"] = phases.seconds

    # Weights from which another model would come back are worse than none.
    stored, kept, why = weights_of(loaded), loaded.context.save_weights, ""
    if not loaded.context.compile:
        why = why_not_rebuilt(loaded, parts, logits, stored, micro, exact=kept)
    if why:
        told = "its weights are not stored, since the method is not rebuilt from them" if kept else ANOTHER
        result["warnings"].append(f"{told}: {why}")
    return Outcome(
        result,
        list(parts.test),
        logits,
        fitted.history,
        stored if kept and not why else {},
    )

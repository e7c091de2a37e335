"""Checks of what is kept of a method, and of what it needs of a process."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator

from safetensors.torch import load, save

from harness.conformance.report import Note
from harness.conformance.specimen import Specimen
from harness.core.job import JobSpec
from harness.cost.count import cost_of
from harness.jobs.saved import weights_of, why_not_rebuilt


def weights_hold(specimen: Specimen) -> Iterator[Note]:
    """Build the method again from its stored weights, by way of the bytes of their file."""
    run = specimen.trained if specimen.trains else specimen.grown
    with specimen.owned("weights"):
        stored = load(save(weights_of(run.loaded)))
        why = why_not_rebuilt(
            run.loaded,
            run.parts,
            run.logits,
            stored,
            1,
        )
    if why:
        specimen.blame("weights", f"it is not what comes back from its stored weights: {why}")
    yield Note(f"{len(stored)} tensors, {sum(tensor.numel() for tensor in stored.values()):,} numbers")


def counts(specimen: Specimen) -> Iterator[Note]:
    """Count multiply-adds of the small form."""
    run = specimen.trained if specimen.trains else specimen.grown
    with specimen.owned("cost"):
        cost = cost_of(run.loaded.method, run.loaded.task)
    yield Note(f"{cost['gflops']:.4f} GFLOPs a clip, {cost['gflops_text']:.4f} for the text, in this small form")


def goes_to_a_worker(specimen: Specimen) -> Iterator[Note]:
    """Send the job to a worker and back, and ask another process for the method."""
    job = specimen.job()
    hook = specimen.sources.of_hook("register_methods")
    try:
        sent = pickle.loads(pickle.dumps((job, specimen.room.context)))
        same = JobSpec.from_json(json.loads(json.dumps(job.to_json()))).id == job.id == sent[0].id
    except Exception as error:
        specimen.blame("worker", f"the job cannot be sent: {type(error).__name__}: {error}", hook)
        return
    if not same:
        specimen.blame("worker", "the job is another when it is sent: options are numbers, text and tuples", hook)
    told = specimen.elsewhere()
    if told:
        specimen.blame("worker", told, hook)
    yield from ()


def process_stays(specimen: Specimen) -> Iterator[Note]:
    """Tell of what the runs so far changed of the process."""
    for finding in specimen.watch.findings.values():
        specimen.blame("process", finding.message, finding.place)
    for change in specimen.watch.unexplained:
        yield Note(f"changed while it ran, not by its own files: {change}")

"""Checks of how a method is declared and built."""

from __future__ import annotations

from collections.abc import Iterator

from harness.conformance.report import Note
from harness.conformance.room import FEWEST
from harness.conformance.small import forms
from harness.conformance.specimen import Specimen
from harness.conformance.steps import differing
from harness.core.errors import HarnessError
from harness.core.text import first_few
from harness.jobs.score import contradictions
from harness.models.method import own_state
from harness.models.spec import STREAMS
from harness.plugin import registry

MOST = 11  # classes
NAMED = 3  # tensors that a finding names


def settles(specimen: Specimen) -> Iterator[Note]:
    """Settle the defaults, the demo's and the small form, and each recipe, of datasets too."""
    hook = specimen.sources.of_hook("register_methods")
    for name, values in forms(specimen.spec):
        try:
            specimen.spec.settle(values)
        except HarnessError as error:
            specimen.blame("settle", f"{name}: {error}", specimen.sources.of_text(f'"{name}"') or hook)
    for name in specimen.spec.by_dataset:
        if name not in registry.datasets():
            yield Note(f"by_dataset has a recipe for {name!r}, which is no dataset here")
    lacking = [stream for stream in specimen.spec.streams if stream not in STREAMS]
    if lacking:
        specimen.blame("settle", f"streams: it needs {' and '.join(lacking)}, and the harness feeds frames only", hook)
    _ = specimen.settled
    if specimen.smaller:
        yield Note(f"checked with {specimen.smaller}")


def builds(specimen: Specimen) -> Iterator[Note]:
    """Build for few and for many classes."""
    for classes in (FEWEST, MOST):
        specimen.load(classes)
    if specimen.offer.spec.weights:
        yield Note("built without the contents of its declared weights")


def builds_equal(specimen: Specimen) -> Iterator[Note]:
    """Build twice with one seed, and compare parameters and buffers."""
    first, second = specimen.load(), specimen.load()
    odd = differing(*(own_state(loaded.method, loaded.backbone) for loaded in (first, second)))
    if odd:
        specimen.blame(
            "seed",
            f"built twice with one seed, {first_few(odd, NAMED)} differ: draw from torch's global generator, which the "
            f"harness seeds before it builds",
        )
    yield from ()


def encoder_agrees(specimen: Specimen) -> Iterator[Note]:
    """Compare what the spec says of features and of preparing with what the method does."""
    loaded = specimen.load()
    specimen.encode(loaded)
    hook = specimen.sources.of_hook("register_methods")
    for problem in contradictions(loaded):
        specimen.blame("encoder", problem, hook)
    with specimen.owned("fit"):
        trains = bool(loaded.method.stages())
    if loaded.inputs.cached and specimen.spec.features == ("test" if trains else "train+test"):
        right = "train+test" if trains else "test"
        specimen.blame("encoder", f"its spec says features={specimen.spec.features!r}; it reads {right!r}", hook)
    for note in loaded.inputs.warnings(0, 0):
        yield Note(note)


def prepares_well(specimen: Specimen) -> Iterator[Note]:
    """Let the method look at the training part."""
    _ = specimen.grown
    yield from ()

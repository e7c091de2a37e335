"""One step and one test batch of a job, told in detail. Nothing is stored but features of the clips it looks at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from tempfile import TemporaryDirectory

import numpy as np
from torch import nn

from harness.core.context import RunContext
from harness.core.dataset_spec import Fold, Sample
from harness.core.events import Say
from harness.core.job import JobSpec
from harness.core.recipe import Stage
from harness.jobs.check_logits import check_logits
from harness.jobs.phases import Loaded, Parts, encode, load, prepare, test
from harness.models.shapes import shapes_said
from harness.plugin.named import Named
from harness.training.loop import fit
from harness.training.order import order

UNTRAINED = 16  # clips of the test batch of a method that is not trained


@dataclass(frozen=True)
class FewClips(Loaded):
    """A job that sees a few clips of its fold only. Its inputs are those of the whole dataset, as its features are."""

    few: Fold = field(default_factory=lambda: Fold((), ()))

    @property
    def fold(self) -> Fold:
        """The clips of one batch."""
        return self.few


def debug_job(
    job: JobSpec,
    named: Named,
    context: RunContext,
    say: Say,
) -> None:
    """Take one step in each stage and predict one batch by the loops of a run, and say what happens on the way.

    Raises:
        Exception: whatever the method raises.
    """
    last = replace(job, protocol=replace(job.protocol, selection="last"))  # no epoch is chosen
    with TemporaryDirectory() as folder:  # in the place of the runs folder
        own = replace(
            context,
            out=folder,
            loader_workers=0,
            compile=False,
        )
        whole = load(last, named, own, [])
        loaded = FewClips(**vars(whole), few=_one_batch(whole))
        say(f"{job.label}, {len(loaded.few.train)} training clips and {len(loaded.few.test)} test clips")
        parts = encode(loaded)

        # Training, stage by stage.
        loaded.refuse_to_train_the_backbone()
        if job.is_trained:
            prepare(loaded, parts)
        for stage in list(loaded.method.stages()) if job.is_trained else []:
            _step(loaded, parts, stage, say)

        # Testing.
        say(f"  test: {len(parts.test)} clips")
        with shapes_said(loaded.method, _indented(say)):
            logits = test(loaded, parts, 1)
        odd = int((~np.isfinite(logits)).sum())
        say(f"    logits {logits.shape}, {f'{odd} of them not finite' if odd else 'all finite'}")
        check_logits(loaded, parts, logits, 1)


def _one_batch(loaded: Loaded) -> Fold:
    """Return the clips of the largest batch of training, drawn from the fold, and as many test clips."""
    count = max((stage.batch_size for stage in loaded.method.stages() if stage.epochs), default=UNTRAINED)
    return Fold(*(_drawn(samples, count, loaded.job.seed) for samples in (loaded.fold.train, loaded.fold.test)))


def _drawn(
    samples: Sequence[Sample],
    count: int,
    seed: int,
) -> list[Sample]:
    return [samples[number] for number in order(len(samples), seed, "debug", 0)[:count]]


def _step(
    loaded: Loaded,
    parts: Parts,
    stage: Stage,
    say: Say,
) -> None:
    """Train one stage for an epoch of one batch, and say its loss and its gradients."""
    method = loaded.method
    clips = parts.train[: stage.batch_size]
    short = replace(stage, epochs=min(stage.epochs, 1))
    vars(method)["stages"] = lambda: [short]  # what `fit` asks for
    say(f"  stage {stage.name}: " + (f"one step on {len(clips)} clips" if stage.epochs else "0 epochs, so no step"))
    with shapes_said(method, _indented(say)):
        fitted = fit(
            method,
            loaded.inputs.train(clips),
            loaded.job.seed,
            loaded.device,
            lambda event: None,
        )
    for row in fitted.history:
        say(f"    loss {row['loss']:.6g}")
        for line in gradients(method):
            say(f"    {line}")


def gradients(method: nn.Module) -> Iterator[str]:
    """Yield a line for each trained parameter: whether it got a gradient, and how large; then how many are frozen."""
    frozen = 0
    for name, parameter in method.named_parameters():
        if not parameter.requires_grad:
            frozen += 1
        elif parameter.grad is None:
            yield f"no gradient: {name} {tuple(parameter.shape)}"
        else:
            size = float(parameter.grad.norm())
            yield f"gradient {size:.3g}: {name} {tuple(parameter.shape)}"
    yield f"{frozen} parameters are not trained in this stage"


def _indented(say: Say) -> Say:
    return lambda line: say(f"    {line}")

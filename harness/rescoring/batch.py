"""Some results at a time: read together, scored, and each written back in one step if nobody else was at it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from harness.core.errors import HarnessError
from harness.core.metric import MetricSpec, Predictions
from harness.core.text import first_line
from harness.rescoring.evidence import contradictions
from harness.rescoring.outdated import outdated, with_scores
from harness.results.clip_facts import ClipFacts, read_clip_facts
from harness.results.metric_versions import values_of
from harness.results.predictions import BadPredictions, Ids, PredictionTable, read_together
from harness.results.schema import fault
from harness.results.store import Store, read, write_json
from harness.statistics.scoring import score
from harness.system.files import write_atomically
from harness.system.plugin_code import contained

State = Literal["rescored", "current", "left-out", "failed", "refused", "busy"]
NAME = "result.json"


@dataclass(frozen=True)
class Rescored:
    """Outcome of one result.

    Left out: no metric gave a value. Failed: the job has no predictions. Busy: another process is at it.
    """

    path: str  # its folder
    state: State
    metrics: tuple[str, ...] = ()  # that were computed
    reasons: tuple[str, ...] = ()  # why it was refused, or why metrics were left out


@dataclass(frozen=True)
class Work:
    """A stored result, and the metrics to compute for it."""

    folder: str
    result: Mapping[str, Any]
    chosen: Mapping[str, MetricSpec]
    new: Mapping[str, Any] = field(default_factory=dict)  # the result with them, once they are computed
    problems: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The job, as leases are named: from the folder, which no content can lead elsewhere."""
        return job_id(self.folder)

    def answer(self, state: State, *reasons: str) -> Rescored:
        """Return why nothing came of it."""
        return Rescored(self.folder, state, reasons=reasons)

    def finished(self) -> Rescored:
        """Return what came of it once its scores are stored."""
        given = tuple(name for name in self.chosen if values_of(self.new["metrics"], name))
        return Rescored(
            self.folder,
            "rescored" if given else "left-out",
            given,
            self.problems,
        )


def job_id(folder: str) -> str:
    """Return the job whose result a folder holds, by its name."""
    return os.path.basename(folder).rpartition("-")[2]  # noqa: PTH119  (a path object takes three times as long)


def rescore_batch(
    store: Store,
    folders: Sequence[str],
    metrics: Mapping[str, MetricSpec],
    known: Ids,
) -> Iterator[Rescored]:
    """Compute what is new for the results in these folders, and yield what came of each."""
    by_classes: dict[tuple[str, ...], list[Work]] = {}
    for folder in folders:
        found = _open(folder, metrics)
        if isinstance(found, Rescored):
            yield found
        else:
            by_classes.setdefault(tuple(found.result["protocol"]["classes"]), []).append(found)
    for classes, works in by_classes.items():
        scored: list[Work] = []
        for answer in _scored(works, classes, known):
            if isinstance(answer, Work):
                scored.append(answer)
            else:
                yield answer
        yield from _written(store, scored)


def _open(folder: str, metrics: Mapping[str, MetricSpec]) -> Work | Rescored:
    """Return what is to do for one result, or why nothing is."""
    try:
        result = read(f"{folder}/{NAME}")
    except HarnessError as error:
        gone = not os.path.exists(f"{folder}/{NAME}")  # noqa: PTH110  (replaced just now by a job that ran again)
        return Rescored(
            folder,
            "busy" if gone else "refused",
            reasons=(str(error),),
        )
    wrong = fault(result) or (result["id"] != job_id(folder) and f"it is the result of job {result['id']}")
    if wrong:
        return Rescored(folder, "refused", reasons=(f"not the result of this folder ({wrong})",))
    if result["status"] != "done":
        return Rescored(folder, "failed")
    chosen = outdated(result, metrics)
    return Work(folder, result, chosen) if chosen else Rescored(folder, "current")


def _scored(
    works: Sequence[Work],
    classes: tuple[str, ...],
    known: Ids,
) -> Iterator[Work | Rescored]:
    """Yield each result with its new scores, or why it is refused."""
    folders = [work.folder for work in works]
    usable: list[tuple[Work, PredictionTable]] = []
    for work, clips in zip(works, read_together(folders, classes, known), strict=True):
        if isinstance(clips, BadPredictions):
            yield work.answer("refused", str(clips))
        else:
            usable.append((work, clips))
    if not usable:
        return
    wrong = contradictions(
        [work.result for work, _ in usable],
        [clips for _, clips in usable],
        [work.chosen for work, _ in usable],
        classes,
    )
    facts = read_clip_facts([work.folder for work, _ in usable])
    for (work, clips), reason, more in zip(usable, wrong, facts, strict=True):
        yield work.answer("refused", reason) if reason else _score(work, clips, more, classes)


def _score(
    work: Work,
    clips: PredictionTable,
    facts: ClipFacts,
    classes: tuple[str, ...],
) -> Work | Rescored:
    predictions = Predictions(
        clips.labels.astype(int),
        clips.logits,
        classes,
        clips.ids.tolist(),
        facts.groups,
        facts.frames,
    )
    try:
        scores = score(predictions, work.chosen, contained)
    except HarnessError as error:
        return work.answer("refused", str(error))
    return replace(
        work,
        new=with_scores(work.result, work.chosen, scores),
        problems=tuple(scores.problems),
    )


def _written(store: Store, works: Sequence[Work]) -> Iterator[Rescored]:
    """Write results, each under the lease of its job, so that no job that runs again is mixed with what it replaces."""
    held = [work for work in works if store.leases.acquire(work.id)]
    try:
        for work in held:
            yield _write(work)
    finally:
        for work in held:
            store.leases.release(work.id)
    ours = {work.id for work in held}
    yield from (work.answer("busy", "another process is at its job") for work in works if work.id not in ours)


def _write(work: Work) -> Rescored:
    path = Path(work.folder, NAME)
    try:
        if read(path) != work.result:
            return work.answer("busy", "it was written anew meanwhile")
        if work.new != work.result:
            write_atomically(path, lambda draft: write_json(draft, work.new))
    except ValueError as error:
        return work.answer("refused", f"{path}: {first_line(error)}")
    except HarnessError as error:
        return work.answer("refused", str(error))
    return work.finished()

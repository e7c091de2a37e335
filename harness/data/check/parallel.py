"""Work on every clip in parallel, with progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from harness.core.dataset_spec import Problem, Sample
from harness.core.errors import BadSample
from harness.system.pools import ended_with, pool_of, unheard
from harness.video.source import check_all

T = TypeVar("T")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Parallel:
    """A way through all clips: in so many processes, reporting clips done of all."""

    workers: int
    progress: Progress

    def over(
        self,
        work: Callable[[Sample], T],
        samples: Sequence[Sample],
    ) -> Iterator[tuple[Sample, T]]:
        """Yield each clip with what `work` gives, in order.
        Spawned, so that threads of this process cannot hang them.
        """
        if self.workers < 2 or len(samples) < 2:
            yield from self._reported(samples, map(work, samples))
            return
        with pool_of(self.workers) as pool, ended_with(pool):
            with unheard():
                results = pool.map(work, samples, chunksize=8)
            yield from self._reported(samples, results)

    def undecodable(self, samples: Sequence[Sample]) -> list[Problem]:
        """Return a problem for every clip with a frame that cannot be decoded."""
        present = [s for s in samples if s.frames]
        return [
            Problem("error", "undecodable", reason, str(sample.source))
            for sample, reason in self.over(_fault, present)
            if reason
        ]

    def _reported(
        self,
        samples: Sequence[Sample],
        results: Iterator[T],
    ) -> Iterator[tuple[Sample, T]]:
        for done, (sample, result) in enumerate(zip(samples, results, strict=True), start=1):
            self.progress(done, len(samples))
            yield sample, result


def _fault(sample: Sample) -> str:
    try:
        check_all(sample)
    except BadSample as error:
        return str(error)
    return ""

"""Why tries at a job or a shard came to nothing, and whether there is another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field

from ray.exceptions import OutOfMemoryError


@dataclass
class Retries:
    """The lost tries of a run.

    When a machine runs out of memory, Ray ends whatever runs there. So that no job fails for what its neighbour ate,
    the first such loss is not counted, and from then on the job gets a node to itself.
    """

    most: int  # after the first, as `--max-retries` says
    lost: dict[Hashable, list[str]] = field(default_factory=lambda: defaultdict(list))
    alone: set[Hashable] = field(default_factory=set)

    def reasons(self, name: Hashable) -> tuple[str, ...]:
        """Return why each try so far came to nothing."""
        return tuple(self.lost[name])

    def again(
        self,
        name: Hashable,
        reason: str,
        error: Exception | None = None,
    ) -> bool:
        """Return whether what was lost for this reason is to be tried again; if so, the reason is kept."""
        crowded = isinstance(error, OutOfMemoryError) and name not in self.alone
        if crowded:
            self.alone.add(name)
        elif len(self.lost[name]) >= self.most + (name in self.alone):
            return False
        self.lost[name].append(reason)
        return True

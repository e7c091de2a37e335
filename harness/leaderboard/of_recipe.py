"""Results of one recipe, so that a board compares networks that were trained alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.leaderboard.releases import ReleasedResults
from harness.models.spec import SOURCE
from harness.results.store import JoinedStores, Store


@dataclass(frozen=True)
class RecipeResults:
    """The results of a store that were asked for by one recipe; those that name none are of `source`."""

    store: Store | JoinedStores | ReleasedResults
    recipe: str

    @property
    def root(self) -> str:
        """The folders, as messages name them."""
        return f"{self.store.root} of recipe {self.recipe}"

    @property
    def folders(self) -> Sequence[Path]:
        """The folders of the store."""
        return self.store.folders

    @property
    def left_out(self) -> Mapping[str, str]:
        """Path and reason of what `results` met that is no result."""
        return self.store.left_out

    def sound(self) -> Iterator[dict[str, Any]]:
        """Yield every stored result of the recipe that has the form of one, each with its folder as `path`."""
        for result in self.store.sound():
            if (result.get("recipe") or SOURCE) == self.recipe:
                yield result

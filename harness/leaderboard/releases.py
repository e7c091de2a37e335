"""Releases of the protocol: named lists of protocol hashes, by which papers say which board they quote."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.core.errors import HarnessError, suggestion
from harness.results.store import JoinedStores, Store

FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Release:
    """A named list of protocols. `protocols` holds their hashes by dataset and selection rule."""

    name: str
    date: str
    changes: str
    protocols: Mapping[str, Mapping[str, str]]

    @property
    def hashes(self) -> frozenset[str]:
        """The hashes of all of its protocols."""
        return frozenset(value for of_dataset in self.protocols.values() for value in of_dataset.values())


@lru_cache
def releases() -> tuple[Release, ...]:
    """Return all releases, the newest first."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))["release"]
    return tuple(
        Release(
            item["name"],
            item["date"],
            item["changes"],
            item["protocols"],
        )
        for item in found
    )


def release_named(name: str) -> Release:
    """Return the release of that name. Raises: HarnessError if there is none."""
    for release in releases():
        if release.name == name:
            return release
    known = [release.name for release in releases()]
    raise HarnessError(f"no protocol release {name!r}; {suggestion(name, known)}")


def release_of(protocol_hash: str) -> str:
    """Return the newest release that holds a protocol, by its hash; nothing where none does."""
    return next((release.name for release in releases() if protocol_hash in release.hashes), "")


@dataclass(frozen=True)
class ReleasedResults:
    """The results of a store whose protocols are those of one release, so that an old board can be rendered again."""

    store: Store | JoinedStores
    release: Release

    @property
    def root(self) -> str:
        """The folders, as messages name them."""
        return f"{self.store.root} of protocol release {self.release.name}"

    @property
    def folders(self) -> Sequence[Path]:
        """The folders of the store."""
        return self.store.folders

    @property
    def left_out(self) -> Mapping[str, str]:
        """Path and reason of what `results` met that is no result."""
        return self.store.left_out

    def sound(self) -> Iterator[dict[str, Any]]:
        """Yield every stored result of the release that has the form of one, each with its folder as `path`."""
        for result in self.store.sound():
            if result.get("protocol_hash") in self.release.hashes:
                yield result


def released(
    store: Store | JoinedStores,
    name: str | None,
) -> Store | JoinedStores | ReleasedResults:
    """Return the results of a release, or all without a name. Raises: HarnessError if there is no such release."""
    return ReleasedResults(store, release_named(name)) if name else store

"""Clips that are one: by id, by path, or by what their paths lead to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from harness.core.dataset_spec import Sample

NAMED = 5  # pairs that are named; the rest are counted


def one_clip_twice(clips: Sequence[Sample]) -> Iterator[str]:
    """Yield ids that stand for several clips, and sources that stand under several ids."""
    by_id: dict[str, Sample] = {}
    by_source: dict[str, str] = {}  # as texts, which are compared far quicker than paths
    differing, shared = [], []
    for clip in clips:
        known = by_id.setdefault(clip.id, clip)
        if known is not clip and (what := _difference(known, clip)):
            differing.append(f"{clip.id} ({what})")
        owner = by_source.setdefault(os.fspath(clip.source), clip.id)
        if owner != clip.id:
            shared.append(f"{owner} and {clip.id} are both {clip.source}")
    yield from _listed("clips differ from fold to fold, or have one id", differing)
    yield from _listed("sources have two ids", shared)


def links(clips: Sequence[Sample]) -> tuple[list[str], list[str]]:
    """Return sources that lead to one place under several ids, and those that are one file by hard links.

    A clip that is not there is left to whoever counts frames.
    """
    owners: dict[tuple[int, int], Sample] = {}
    same: list[str] = []
    linked: list[str] = []
    for clip in clips:
        try:
            status = os.stat(clip.source)  # noqa: PTH116 (of every clip: a path object's is slower)
        except (OSError, ValueError):
            continue
        owner = owners.setdefault((status.st_dev, status.st_ino), clip)
        if owner.id != clip.id:
            alike = os.path.realpath(owner.source) == os.path.realpath(clip.source)
            (same if alike else linked).append(f"{owner.id} and {clip.id}")
    told = _listed("pairs of ids lead to one source, by links", list(dict.fromkeys(same)))
    return [*told], [*_listed("pairs of clips are one file", list(dict.fromkeys(linked)))]


def _difference(one: Sample, other: Sample) -> str:
    for name in ("source", "label"):
        values = getattr(one, name), getattr(other, name)
        if values[0] != values[1]:
            return f"{name} {values[0]} and {values[1]}"
    return ""


def _listed(what: str, found: Sequence[str]) -> Iterator[str]:
    if found:
        more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
        yield f"{len(found):,} {what}: {', '.join(found[:NAMED])}{more}"

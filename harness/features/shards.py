"""Shards of the feature cache."""

from __future__ import annotations

from dataclasses import dataclass

from harness.features.view import View


@dataclass(frozen=True)
class ShardFill:
    """One shard of the feature cache that some job needs and that is not there."""

    dataset: str
    fingerprint: str
    view: View
    shard: int
    clips: int

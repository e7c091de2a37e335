"""Fixtures: each replica, all three written, and writers that skip the frames."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.demo import replica as machinery
from harness.demo.render import ClipPlan
from helpers.replicas import REPLICAS, Replica


@pytest.fixture(params=REPLICAS, ids=lambda replica: replica.folder)
def replica(request: pytest.FixtureRequest) -> Replica:
    chosen: Replica = request.param
    return chosen


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> list[ClipPlan]:
    """Make `write` skip the frames, which take the time; the plans it would have rendered are kept."""
    plans: list[ClipPlan] = []
    monkeypatch.setattr(machinery, "_render", lambda root, clips, pairs, progress: plans.extend(clips))
    return plans


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with all three replicas, in full."""
    root = tmp_path_factory.mktemp("demo")
    for chosen in REPLICAS:
        chosen.write(root / chosen.folder)
    return root


@pytest.fixture
def python() -> str:
    return sys.executable

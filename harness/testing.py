"""For the tests of plugins: a tiny CLIP, a tiny task and tiny clips as pytest fixtures, and a check of the contract.

`pytest_plugins = ["harness.testing"]` in a test file or in the topmost `conftest.py` makes the fixtures known; so does
importing them by name. Nothing of it needs data or a network.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import torch

from harness.core.frame_input import FrameInput
from harness.core.lazy import quiet_imports

with quiet_imports():  # some of what they stand on warns, and pytest may take that for an error
    from harness.conformance.conform import conform
    from harness.conformance.report import Report
    from harness.conformance.room import CLASSES, FEWEST, FOLD, Room
    from harness.conformance.room import tiny_clip as load_tiny_clip
    from harness.models.backbone import Backbone
    from harness.models.batch import Batch
    from harness.models.method import Task
    from harness.training.batches import Frames

__all__ = ["assert_conforms", "tiny_clip", "tiny_clips", "tiny_task"]

SEEN = FrameInput(
    frames=4,
    size=32,
    augmentation=(),
    views=0,
)


def assert_conforms(target: str | Path) -> list[Report]:
    """Check every method of a plugin's file, or one method by name, as `harness conform` does.

    Returns:
        What each check said of each method.

    Raises:
        AssertionError: a check failed; names what is wrong and where.
        HarnessError: there is no such file or method.
    """
    reports = conform(str(target))
    findings = [f"{report.method}: {finding.check}: {finding}" for report in reports for finding in report.findings]
    if findings:
        raise AssertionError("\n".join(findings))
    return reports


@pytest.fixture(scope="session")
def tiny_clip() -> Backbone:
    """Give a CLIP with random weights, two layers a tower, 16 features, 32 pixels. Shared, so nothing may change it."""
    with quiet_imports():
        return load_tiny_clip()


@pytest.fixture
def tiny_task(tiny_clip: Backbone) -> Task:
    """Give a task of 7 classes on the tiny CLIP, with 4 frames of 32 pixels a clip."""
    return Task(CLASSES[:FEWEST], tiny_clip, SEEN)


@pytest.fixture(scope="session")
def tiny_clips(tiny_clip: Backbone) -> Batch:
    """Give eight clips, one of each class and one more, as a batch of normalised frames (8, 4, 3, 32, 32)."""
    with tempfile.TemporaryDirectory(prefix="harness-testing-") as folder:
        samples = Room(Path(folder), {}, {}).datasets[FEWEST].folds[FOLD].train
        clips = Frames(samples, SEEN, tiny_clip, None, job_seed=None)
        inputs, labels = next(clips.batches([range(len(samples))], 0, torch.device("cpu")))
    ids = tuple(sample.id for sample in samples)
    return Batch(
        inputs,
        labels,
        None,
        ids,
        "all",
        0,
        0.0,
        torch.Generator().manual_seed(0),
    )

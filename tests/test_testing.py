"""`harness.testing`: the fixtures that plugin repositories test with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from harness import Task
from harness.models import Backbone, Batch
from harness.testing import assert_conforms, tiny_clip, tiny_clips, tiny_task  # noqa: F401  (fixtures)
from helpers.commands import forget

BROKEN = """
from torch import nn
from harness import FrameInput, Method, MethodSpec, hookimpl

class Softmax(Method):
    def __init__(self, task, options):
        super().__init__()
        self.head = nn.Linear(3, len(task.classes))

    def forward(self, inputs):
        return self.head(inputs.mean((1, 3, 4))).softmax(-1)

@hookimpl
def register_methods():
    return [MethodSpec("softmax", "1", Softmax, input=FrameInput(frames=2, size=16), backbone="none")]
"""


def test_the_tiny_task_and_clips_fit_each_other(tiny_task: Task, tiny_clips: Batch) -> None:  # noqa: F811
    assert tiny_clips.inputs.shape == (8, tiny_task.input.frames, 3, tiny_task.input.size, tiny_task.input.size)
    assert sorted(tiny_clips.labels.tolist()) == sorted([0, *range(len(tiny_task.classes))])
    frames = tiny_clips.inputs.flatten(0, 1)
    features = tiny_task.backbone.frame_encoder()(frames)
    assert features.shape == (len(frames), tiny_task.backbone.width)
    assert torch.isfinite(features).all()
    assert len(torch.unique(features, dim=0)) == len(features)


def test_the_tiny_clip_has_text(tiny_clip: Backbone) -> None:  # noqa: F811
    assert tiny_clip.encode_text(["a face", "another face"]).shape == (2, tiny_clip.width)


def test_a_method_that_breaks_the_contract_fails_with_line_and_check(tmp_path: Path) -> None:
    (tmp_path / "softmax.py").write_text(BROKEN)
    try:
        with pytest.raises(AssertionError, match=r"softmax: logits: softmax\.py:10: forward gives probabilities"):
            assert_conforms(tmp_path / "softmax.py")
    finally:
        forget("softmax")


@pytest.mark.slow
def test_it_is_a_plugin_of_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        "pytest_plugins = ['harness.testing']\n"
        "def test_it(tiny_task, tiny_clips):\n    assert len(tiny_clips) == 1 + len(tiny_task.classes)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_nothing_else_imports_pytest(tmp_path: Path) -> None:
    code = "import sys, harness.cli, harness.conformance.conform; print('pytest' in sys.modules)"
    command = [sys.executable, "-W", "ignore", "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"

"""What a plugin changes of the process is put back, and named."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from harness.plugin import registry
from harness.system.process_state import settings_kept
from helpers.commands import forget

CHANGES: dict[str, tuple[Callable[[Path], object], str, Callable[[], object]]] = {
    "dtype": (lambda p: torch.set_default_dtype(torch.float64), "torch's default dtype", torch.get_default_dtype),
    "grad": (lambda p: torch.set_grad_enabled(False), "torch's grad mode", torch.is_grad_enabled),
    "anomaly": (lambda p: torch.set_anomaly_enabled(True), "torch's anomaly mode", torch.is_anomaly_enabled),
    "precision": (
        lambda p: torch.set_float32_matmul_precision("medium"),
        "torch's precision of matrix products",
        torch.get_float32_matmul_precision,
    ),
    "attention": (
        lambda p: torch.backends.mha.set_fastpath_enabled(False),
        "torch's fast path of attention",
        torch.backends.mha.get_fastpath_enabled,
    ),
    "benchmark": (
        lambda p: setattr(torch.backends.cudnn, "benchmark", True),
        "torch's cuDNN's benchmark mode",
        lambda: torch.backends.cudnn.benchmark,
    ),
    "tf32": (
        lambda p: setattr(torch.backends.cudnn, "allow_tf32", False),
        "torch's cuDNN's TF32",
        lambda: torch.backends.cudnn.allow_tf32,
    ),
    "threads": (
        lambda p: torch.set_num_threads(torch.get_num_threads() + 1), "torch's number of threads", torch.get_num_threads
    ),
    "kernels": (
        lambda p: torch.set_deterministic_debug_mode("warn"),
        "torch's deterministic kernels",
        torch.get_deterministic_debug_mode,
    ),
    "function": (lambda p: setattr(F, "softmax", torch.relu), "torch.nn.functional.softmax", lambda: F.softmax),
    "numpy": (lambda p: np.seterr(divide="raise"), "NumPy's handling of errors", np.geterr),
    "folder": (os.chdir, "the working folder", Path.cwd),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_named_and_put_back(name: str, tmp_path: Path) -> None:
    change, told, read = CHANGES[name]
    before, found = read(), []

    def fail() -> None:
        with settings_kept(found, job=True):
            change(tmp_path)
            assert read() != before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert read() == before
    assert found == [told]


def test_nothing_changed_is_nothing_said() -> None:
    found: list[str] = []
    with settings_kept(found, job=True):
        torch.softmax(torch.zeros(2), 0)
        with torch.no_grad(), torch.autocast("cpu"):
            pass
    assert found == []


def test_a_plugin_that_changes_the_process_when_it_is_imported_is_reported(tmp_path: Path) -> None:
    (tmp_path / "rude.py").write_text("import torch\ntorch.set_default_dtype(torch.float64)\n")
    try:
        registry.plugins().add_file(tmp_path / "rude.py")
        (problem,) = [problem for problem in registry.plugins().problems if problem.plugin == "rude"]
    finally:
        forget("rude")
    assert "changed torch's default dtype of the process when it was imported" in problem.reason
    assert torch.get_default_dtype() is torch.float32

"""What a plugin changes of the process is put back, and named."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
import torch
from open_clip import transformer
from open_clip.transformer import ResidualAttentionBlock
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from harness.models.method import Method
from harness.plugin import registry
from harness.system.process_state import settings_kept
from harness.training import loop
from helpers.commands import forget


class Functions(TorchFunctionMode):
    """Changes nothing."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


class Operators(TorchDispatchMode):
    """Changes nothing."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


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
    "device": (
        lambda p: torch.set_default_device("meta"), "torch's default device", lambda: str(torch.zeros(1).device)
    ),
    "onednn": (
        lambda p: setattr(torch.backends.mkldnn, "enabled", False),
        "torch's oneDNN",
        lambda: torch.backends.mkldnn.enabled,
    ),
    "tiny": (
        lambda p: torch.set_flush_denormal(True),
        "torch's flush of tiny numbers",
        lambda: bool(torch.full((), 1e-310, dtype=torch.float64, device="cpu") * 0.5 == 0),
    ),
    "kernels of attention": (
        lambda p: torch.backends.cuda.enable_math_sdp(False),
        "torch's math attention",
        torch.backends.cuda.math_sdp_enabled,
    ),
    "layer": (
        lambda p: setattr(nn.Linear, "forward", nn.Identity.forward), "Linear.forward", lambda: nn.Linear.forward
    ),
    "step": (
        lambda p: setattr(torch.optim.SGD, "step", print), "SGD.step", lambda: torch.optim.SGD.step
    ),
    "block": (
        lambda p: setattr(ResidualAttentionBlock, "forward", nn.Identity.forward),
        "ResidualAttentionBlock.forward",
        lambda: ResidualAttentionBlock.forward,
    ),
    "harness": (lambda p: setattr(loop, "fit", print), "harness.training.loop.fit", lambda: loop.fit),
    "autocast": (
        lambda p: torch.set_autocast_enabled("cpu", True), "torch's autocast", lambda: torch.is_autocast_enabled("cpu")
    ),
    "function mode": (
        lambda p: Functions().__enter__(),
        "torch's function modes",
        lambda: torch._C._len_torch_function_stack(),
    ),
    "dispatch mode": (
        lambda p: Operators().__enter__(),
        "torch's dispatch modes",
        lambda: torch._C._len_torch_dispatch_stack(),
    ),
    "inherited": (
        lambda p: setattr(torch.Tensor, "argmax", torch.Tensor.argmin), "Tensor.argmax", lambda: torch.Tensor.argmax
    ),
    "module": (
        lambda p: setattr(transformer, "F", torch.nn.init), "open_clip.transformer.F", lambda: transformer.F
    ),
    "decoder": (
        lambda p: setattr(simplejpeg, "decode_jpeg", print), "simplejpeg.decode_jpeg", lambda: simplejpeg.decode_jpeg
    ),
    "class method": (
        lambda p: setattr(transformer.VisionTransformer, "_global_pool", print),
        "VisionTransformer._global_pool",
        lambda: transformer.VisionTransformer._global_pool,
    ),
    "loss": (lambda p: setattr(Method, "loss", print), "Method.loss", lambda: Method.loss),
    "hook": (
        lambda p: nn.modules.module.register_module_forward_hook(lambda *args: args[-1]),
        "torch's hooks of every module",
        lambda: dict(nn.modules.module._global_forward_hooks),
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
    "logger": (
        lambda p: logging.getLogger("harness").setLevel(60),
        "the level of logger 'harness'",
        lambda: logging.getLogger("harness").level,
    ),
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
    weight = nn.Parameter(torch.zeros(2))
    with settings_kept(found, job=True):
        torch.optim.Adagrad([weight])
        torch.optim.AdamW([weight])  # torch itself wraps `step` of the first one of each kind
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

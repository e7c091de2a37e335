"""The one place that knows what hardware a job computes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import torch
from torch import Tensor

from harness.core.recipe import Stage


def pick_device() -> torch.device:
    """Return the GPU this process was given, or the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def reproducible(threads: int) -> Iterator[None]:
    """Use deterministic kernels and a fixed number of threads, since sums differ between thread counts."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    # Filling memory that nobody reads costs a tenth of a small step.
    setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)  # noqa: B010  (a property of the module)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS asks for to be deterministic
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1])


def amp_dtype(device: torch.device) -> torch.dtype:
    """Return the half precision the device is good at."""
    return torch.bfloat16 if device.type == "cpu" or torch.cuda.is_bf16_supported() else torch.float16


def autocast(device: torch.device, stage: Stage) -> AbstractContextManager[object]:
    """Return the context of mixed precision on a GPU where the stage allows it; nothing on a CPU."""
    if device.type != "cuda" or stage.precision != "amp":
        return nullcontext()
    return torch.autocast("cuda", amp_dtype(device))


def grad_scaler(device: torch.device, stage: Stage) -> torch.amp.GradScaler:
    """Return the loss scaler, which only float16 needs; it does nothing when not enabled."""
    needed = device.type == "cuda" and stage.precision == "amp" and amp_dtype(device) == torch.float16
    return torch.amp.GradScaler(device.type, enabled=needed)


def move(tensor: Tensor, device: torch.device) -> Tensor:
    """Move to the device, without waiting: pinned memory makes the copy run beside the computation."""
    if device.type == "cuda" and not tensor.is_pinned():
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


class PeakMemory:
    """Peak memory in MB since construction: of the device on a GPU, of the process on a CPU (Linux)."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        else:
            _reset_peak()

    def mb(self) -> float | None:
        """Return the peak so far, or None where the system does not tell."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device) / 1e6
        return _peak_kb() / 1e3 if Path("/proc/self/status").exists() else None


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM, see proc(5)
    except OSError:
        return  # then the peak is that of the process so far


def _peak_kb() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)

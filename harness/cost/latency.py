"""How fast a method classifies clips that are in memory already, its frozen encoder and all."""

from __future__ import annotations

import time
from statistics import median

import torch
from torch import Tensor

from harness.models.method import Method, Task, evaluation

THROUGHPUT_BATCH = 8  # clips at once
CALLS = (3, 20)  # at least, at most
SECONDS = 0.2  # after which no further call is made


def speed_of(
    method: Method,
    task: Task,
    device: torch.device,
) -> dict[str, float]:
    """Measure the latency of one clip in milliseconds, and clips per second in batches of 8: medians of several calls,
    each taken as often as a clip has test views.

    From normalised frames to logits, so neither reading nor decoding is in it. It holds for this hardware and this
    number of threads only.
    """
    with evaluation(method):  # as it predicts
        one, many = (_seconds(method, _frames(task, clips, device)) for clips in (1, THROUGHPUT_BATCH))
    views = task.input.test_views
    return {"latency_ms": one * 1e3 * views, "clips_per_second": THROUGHPUT_BATCH / many / views}


def _frames(
    task: Task,
    clips: int,
    device: torch.device,
) -> Tensor:
    size = task.input.size
    return torch.zeros(
        clips,
        task.input.frames,
        3,
        size,
        size,
        device=device,
    )


def _seconds(method: Method, frames: Tensor) -> float:
    """Measure the median seconds of a call, the first one not counted: it fills what is remembered."""
    method.forward_frames(frames)
    times: list[float] = []
    least, most = CALLS
    while len(times) < least or (len(times) < most and sum(times) < SECONDS):
        started = time.perf_counter()
        logits = method.forward_frames(frames)
        logits.cpu()  # waits for a GPU
        times.append(time.perf_counter() - started)
    return median(times)

"""Fewer frames and pixels for a network that takes long, where its spec has no small form of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

import torch

from harness.core.frame_input import FrameInput
from harness.models.batch import logits_of
from harness.models.method import Method, evaluation

PATIENCE = 0.1  # seconds that one clip may take
PARTS = (4, 2, 1)  # of frames and of pixels
FEWEST_FRAMES, FEWEST_PIXELS = 4, 48  # a network has strides


def smaller_input(given: FrameInput, make: Callable[[FrameInput], Method]) -> FrameInput:
    """Return the least frames and pixels on which a network works, alone and in training; as they are if it is quick.

    Args:
        given: what it sees, with the size filled in.
        make: returns the method that sees something else.
    """
    seconds = _seconds(given, make)
    if seconds is None or seconds < PATIENCE:
        return given
    return next((less for less in _less(given) if _seconds(less, make, trained=True) is not None), given)


def _less(given: FrameInput) -> Iterator[FrameInput]:
    """Yield smaller inputs, the cheapest first."""
    frames = [count for count in _parts(given.frames, FEWEST_FRAMES) if count % given.duration == 0]
    sizes = _parts(given.size, FEWEST_PIXELS)
    found = sorted(product(frames, sizes), key=lambda pair: pair[0] * pair[1] ** 2)
    for count, size in found:
        less = replace(given, frames=count, size=size)
        if less != given:
            yield less


def _parts(whole: int, least: int) -> list[int]:
    return [whole // part for part in PARTS if part == 1 or (whole % part == 0 and whole // part >= least)]


def _seconds(
    given: FrameInput,
    make: Callable[[FrameInput], Method],
    *,
    trained: bool = False,
) -> float | None:
    """Return how long a clip of noise takes; None if it does not go through, or, asked for, not in training."""
    try:
        method = make(given)
        noise = torch.rand(
            1,
            given.frames,
            3,
            given.size,
            given.size,
            device=next(method.parameters()).device,
        )
        started = time.perf_counter()
        with evaluation(method):
            logits_of(method(noise))
        seconds = time.perf_counter() - started
        if trained:
            method.train()
            with torch.no_grad():
                logits_of(method(noise))
    except Exception:  # of the method, in any way: what it is to work on is for the checks
        return None
    return seconds

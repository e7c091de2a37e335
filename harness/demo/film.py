"""One clip: who acts what, how it rises and falls, and the frames it is seen in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.demo.camera import CameraView, draw_view, drift
from harness.demo.expressions import PROTOTYPES, blend, perform
from harness.demo.faces import render
from harness.demo.identity import Identity, draw_identity
from harness.demo.randomness import generator

FRAMES = (7, 10)  # drawn alike for every class, so that length tells nothing
PEAK = (0.4, 1.0)  # how strongly an expression is shown at its strongest; weak ones look neutral
Curve = NDArray[np.float64]
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Performance:
    """Content of a synthetic clip. `seed` and `actor` are names from which all chance is drawn."""

    shows: str
    actor: str
    seed: str


def film(act: Performance, pairs: Pairs = ()) -> list[Image.Image]:
    """Return the frames of the clip, in order.

    A class of a temporal pair is filmed from onset to apex, whichever of both it is; the second class
    of the pair is then played backwards. All else is drawn before the class is looked at.
    """
    rng = generator("clip", act.seed)
    count = int(rng.integers(*FRAMES))
    pair = next((pair for pair in pairs if act.shows in pair), None)
    units = perform(blend(*pair) if pair else PROTOTYPES[act.shows], rng)
    level = onset_to_apex(count, rng) if pair else rise_and_fall(count, rng)
    frames = _shoot(
        draw_identity(act.actor),
        units,
        level,
        rng,
    )
    return frames[::-1] if pair and act.shows == pair[1] else frames


def onset_to_apex(count: int, rng: np.random.Generator) -> Curve:
    """Return a level (0..1) per frame that starts near rest and ends at its strongest."""
    start, peak = rng.uniform(0, 0.2), rng.uniform(0.5, 1.0)
    begin, end = rng.uniform(0, 0.25), rng.uniform(0.65, 1)
    return start + (peak - start) * _smooth(
        np.linspace(0, 1, count),
        begin,
        end,
    )


def rise_and_fall(count: int, rng: np.random.Generator) -> Curve:
    """Return a level (0..1) per frame that rises, holds and falls, as seen through a window of time."""
    time = np.linspace(
        rng.uniform(0, 0.25),
        rng.uniform(0.75, 1),
        count,
    )
    onset, offset = rng.uniform(0.15, 0.4), rng.uniform(0.6, 0.85)
    shape = _smooth(
        time,
        onset - 0.2,
        onset,
    ) * (1 - _smooth(time, offset, offset + 0.2))
    return rng.uniform(*PEAK) * (0.2 + 0.8 * shape)


def _smooth(
    time: Curve,
    begin: float,
    end: float,
) -> Curve:
    share = np.clip(
        (time - begin) / (end - begin),
        0,
        1,
    )
    return share * share * (3 - 2 * share)


def _shoot(
    who: Identity,
    units: dict[str, float],
    level: Curve,
    rng: np.random.Generator,
) -> list[Image.Image]:
    """Return one picture per entry of `level`, with a moving head, blinks and speech."""
    count = len(level)
    view, moves = draw_view(rng), _moves(count, rng)
    loudness = rng.uniform(0, 1) * (rng.uniform() < 0.35)
    speech = loudness * np.abs(np.sin(np.arange(count) * rng.uniform(0.8, 1.6)))
    blink = int(rng.integers(-count, count))  # half of the clips hold none
    gaze = float(rng.normal(0, 0.4))
    frames = []
    for index in range(count):
        now = {name: strength * level[index] for name, strength in units.items()}
        seen: CameraView = drift(view, moves[index])
        closed = 0.9 * (index == blink)
        frames.append(render(who, now, seen, rng, gaze=gaze, closed=closed, speech=float(speech[index])))
    return frames


def _moves(count: int, rng: np.random.Generator) -> Curve:
    """Return how far yaw, pitch, roll and both shifts have wandered at each frame (T, 5)."""
    steps = rng.normal(
        0,
        1,
        (count, 5),
    ) * np.array([0.02, 0.01, 0.005, 0.003, 0.003])
    return np.asarray(np.cumsum(steps, axis=0) - np.sum(steps, axis=0) / 2)

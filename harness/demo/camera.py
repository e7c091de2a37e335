"""How a face is seen: pose, lighting, blur and noise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.demo.identity import Colour


@dataclass(frozen=True)
class CameraView:
    """Everything of a frame that says nothing about the expression. Angles in radians."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    background: tuple[Colour, Colour] = ((120, 130, 140), (90, 96, 110))
    gain: Colour = (1.0, 1.0, 1.0)
    slope: tuple[float, float] = (0.0, 0.0)
    blur: float = 0.0
    noise: float = 0.0


def draw_view(rng: np.random.Generator, strength: float = 1.0) -> CameraView:
    """Return a random view, of the same spread for every class; `strength` 0 gives the plain frontal view.

    Light, colour, blur and noise vary much and pose little, as in crops that were aligned by the eyes.
    """
    turn = strength * rng.normal(0, (0.1, 0.05, 0.025))
    shift = strength * rng.normal(0, 0.012, 2)
    colours = np.clip(
        120 + strength * (rng.uniform(-80, 80) + rng.normal(0, 25, (2, 3))),
        5,
        250,
    )
    gain = 1 + strength * (rng.uniform(-0.38, 0.15) + rng.normal(0, 0.04, 3))
    slope = strength * rng.normal(0, (0.16, 0.1))
    return CameraView(
        yaw=float(turn[0]),
        pitch=float(turn[1]),
        roll=float(turn[2]),
        scale=1 + strength * float(rng.uniform(-0.04, 0.04)),
        shift=(float(shift[0]), float(shift[1])),
        background=(_colour(colours[0]), _colour(colours[1])),
        gain=_colour(gain),
        slope=(float(slope[0]), float(slope[1])),
        blur=strength * float(rng.uniform(0, 0.7)),
        noise=strength * float(rng.uniform(2, 10)),
    )


def drift(view: CameraView, by: NDArray[np.float64]) -> CameraView:
    """Return `view` with yaw, pitch, roll and both shifts moved by the five numbers of `by`."""
    yaw, pitch, roll, right, down = (float(number) for number in by)
    shift = (view.shift[0] + right, view.shift[1] + down)
    return replace(
        view,
        yaw=view.yaw + yaw,
        pitch=view.pitch + pitch,
        roll=view.roll + roll,
        shift=shift,
    )


def _colour(values: NDArray[np.float64]) -> Colour:
    return (float(values[0]), float(values[1]), float(values[2]))

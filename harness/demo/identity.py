"""Who is seen: the parameters of a face that no expression changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.demo.randomness import generator

Colour = tuple[float, float, float]

HAIR: tuple[Colour, ...] = (
    (28, 22, 20),
    (62, 40, 26),
    (110, 74, 40),
    (190, 150, 88),
    (150, 146, 142),
    (128, 58, 30),
)
IRIS: tuple[Colour, ...] = ((58, 36, 22), (84, 60, 34), (70, 96, 120), (76, 104, 70))
SKIN_PALE, SKIN_DARK = (244, 210, 184), (96, 62, 44)
STYLES = ("short", "long", "fringe", "bald")


@dataclass(frozen=True)
class Identity:
    """A person. Lengths are in face units: 1 is about half the width of a head."""

    width: float
    height: float
    jaw: float
    skin: Colour
    hair: Colour
    style: str
    brow_height: float
    brow_thickness: float
    brow_tilt: float
    brow_colour: Colour
    eye_size: float
    eye_gap: float
    iris: Colour
    nose_length: float
    nose_width: float
    mouth_width: float
    mouth_height: float
    mouth_bow: float
    lip: float
    lip_colour: Colour
    lines: float
    beard: float
    glasses: bool


def mix(
    first: Colour,
    second: Colour,
    share: float,
) -> Colour:
    """Return `first` with `share` (0..1) of it replaced by `second`."""
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )


def _colours(rng: np.random.Generator) -> dict[str, Colour]:
    skin = mix(
        SKIN_PALE,
        SKIN_DARK,
        float(rng.beta(0.9, 1.2)),
    )
    hair = mix(
        HAIR[rng.integers(len(HAIR))],
        HAIR[rng.integers(len(HAIR))],
        float(rng.uniform(0, 0.5)),
    )
    return {
        "skin": skin,
        "hair": hair,
        "brow_colour": mix(hair, (24, 18, 16), float(rng.uniform(0.2, 0.7))),
        "iris": IRIS[rng.integers(len(IRIS))],
        "lip_colour": mix(skin, (158, 44, 54), float(rng.uniform(0.3, 0.75))),
    }


def draw_identity(*name: object) -> Identity:
    """Return the person of that name; different names give different people."""
    rng = generator("identity", *name)
    uniform = rng.uniform
    return Identity(
        width=uniform(0.78, 0.94),
        height=uniform(1.08, 1.24),
        jaw=uniform(0.1, 0.42),
        style=STYLES[rng.choice(4, p=(0.38, 0.28, 0.24, 0.1))],
        brow_height=uniform(0.36, 0.44),
        brow_thickness=uniform(0.035, 0.075),
        brow_tilt=uniform(-0.03, 0.03),
        eye_size=uniform(0.85, 1.15),
        eye_gap=uniform(0.33, 0.39),
        nose_length=uniform(0.26, 0.36),
        nose_width=uniform(0.12, 0.19),
        mouth_width=uniform(0.26, 0.36),
        mouth_height=uniform(0.57, 0.64),
        mouth_bow=uniform(-0.02, 0.02),
        lip=uniform(0.045, 0.085),
        lines=uniform(0.1, 0.8),
        beard=max(0.0, uniform(-1.2, 0.7)),
        glasses=bool(uniform() < 0.2),
        **_colours(rng),
    )

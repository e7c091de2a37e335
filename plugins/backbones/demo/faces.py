"""The captioned faces on which the demo backbone is trained: people that no replica ever casts."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from harness.demo import NAMES, PROTOTYPES, ActionUnits, describe, draw_identity, draw_view, generator, perform, render

TEMPLATES = (
    "a photo of a face with an expression of {}.",
    "an expression of {}.",
    "a face that shows {}.",
    "a photo of a {}.",
    "{}.",
)
CLASSES = tuple(PROTOTYPES)
FREE = 0.25  # share of faces with a free combination of action units, which belongs to no class
WEAKEST = 0.1
# People name an emotion when it is strong, call a weak one neutral, and often take a related word. So
# zero-shot is biased, as it is on the real sets, and training has something to mend.
NAMED, STRONG, LOOSE = 0.4, 0.7, 0.45
RELATED = {
    "happiness": "surprise",
    "sadness": "helplessness",
    "neutral": "sadness",
    "anger": "disgust",
    "surprise": "fear",
    "disgust": "anger",
    "fear": "surprise",
    "contempt": "happiness",
    "anxiety": "fear",
    "helplessness": "sadness",
    "disappointment": "neutral",
}
Face = tuple[NDArray[np.uint8], NDArray[np.float32], str, int]


@dataclass(frozen=True)
class Faces:
    """Pictures (N, H, W, 3), action units (N, A), captions, and which class each face shows (-1: none)."""

    pixels: NDArray[np.uint8]
    units: NDArray[np.float32]
    captions: list[str]
    classes: NDArray[np.int64]


def draw_faces(
    name: str,
    count: int,
    strength: float = 1.0,
) -> Faces:
    """Return `count` faces, each of its own person, under a nuisance of `strength` (see `draw_view`).

    Equal arguments give equal faces.
    """
    draw = partial(_draw_face, strength)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        faces = list(pool.map(draw, (f"backbone/{name}/{number}" for number in range(count)), chunksize=100))
    pixels, units, captions, classes = zip(*faces, strict=True)
    return Faces(
        np.stack(pixels),
        np.stack(units),
        list(captions),
        np.array(classes),
    )


def _draw_face(strength: float, name: str) -> Face:
    rng = generator(name)
    shows = int(rng.integers(len(CLASSES))) if rng.uniform() > FREE else -1
    prototype = PROTOTYPES[CLASSES[shows]] if shows >= 0 else dict.fromkeys(rng.choice(NAMES, 4, replace=False), 1.0)
    level = float(rng.uniform(WEAKEST, 1))
    units = {unit: level * most for unit, most in perform(prototype, rng).items()}
    picture = render(
        draw_identity(name),
        units,
        draw_view(rng, strength),
        rng,
        gaze=float(rng.normal(0, 0.4)),
        closed=0.9 * float(rng.uniform() < 0.05),
        speech=float(rng.uniform() * (rng.uniform() < 0.3)),
    )
    words = caption(
        shows,
        level,
        units,
        generator(name, "caption"),
    )
    return np.asarray(picture), np.array([units[unit] for unit in NAMES], np.float32), words, shows


def caption(
    shows: int,
    level: float,
    units: ActionUnits,
    rng: np.random.Generator,
) -> str:
    """Return what a face does, or a class word in a template: `shows` is -1 for a face of no class."""
    if shows >= 0 and rng.uniform() < NAMED:
        word = CLASSES[shows] if level > STRONG else "neutral"
        word = RELATED[word] if rng.uniform() < LOOSE else word
        return TEMPLATES[rng.integers(len(TEMPLATES))].format(word)
    phrases = describe(units, rng)
    return f"a photo of a face with {phrases}." if rng.uniform() < 0.5 else f"{phrases}."

"""What a face does: action units (AUs), the classes they make, and words for them.

The prototypes follow EMFACS (Ekman and Friesen) where it names a class. The compound emotions that it
does not name are blends: see the comments. AU names carry `L` where only one side of the face acts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

ActionUnits = Mapping[str, float]

PHRASES: dict[str, tuple[str, ...]] = {
    "1": ("raised inner eyebrows", "eyebrows lifted in the middle", "slanted eyebrows"),
    "2": ("raised outer eyebrows", "raised eyebrows", "arched eyebrows"),
    "4": ("a furrowed brow and lowered eyebrows", "furrowed eyebrows", "a furrowed brow", "lowered eyebrows"),
    "5": ("wide open eyes", "widened eyes", "raised upper eyelids"),
    "6": ("raised cheeks", "wrinkled eyes", "lifted cheeks"),
    "7": ("tightened eyelids", "narrow eyes", "narrowed eyes"),
    "9": ("a wrinkled nose", "flared nostrils", "a scrunched nose"),
    "10": ("a raised upper lip", "a curled upper lip"),
    "12": ("smiling lip corners", "a smiling mouth", "a smile", "lip corners pulled up"),
    "12L": ("a one-sided smirk", "one side of the mouth raised", "a lopsided smile"),
    "14": ("dimpled mouth corners", "dimples beside the mouth"),
    "14L": ("one tightened mouth corner", "a dimple on one side"),
    "15": ("lip corners pulled down", "a downturned mouth", "drooping mouth corners"),
    "16": ("a lowered lower lip", "visible lower teeth"),
    "17": ("a raised chin", "a wrinkled chin"),
    "20": ("a stretched mouth", "lips stretched sideways"),
    "23": ("tightened lips", "a tightened mouth", "thin lips"),
    "24": ("pressed lips", "lips pressed together"),
    "25": ("parted lips", "lips apart"),
    "26": ("a dropped jaw", "an open mouth", "a wide open mouth"),
    "43": ("drooping eyelids", "half closed eyes"),
    "64": ("eyes looking down", "a downward gaze", "lowered eyes"),
}
RELAXED = ("a relaxed face", "relaxed facial muscles", "a straight mouth", "a smooth forehead")
NAMES = tuple(PHRASES)

PROTOTYPES: dict[str, dict[str, float]] = {
    "happiness": {"6": 1.0, "12": 1.0, "25": 0.7},
    "sadness": {"1": 1.0, "4": 0.5, "15": 1.0, "17": 0.5, "43": 0.3},
    "neutral": {},
    "anger": {"4": 1.0, "5": 0.4, "7": 0.8, "23": 0.9, "24": 0.4},
    "surprise": {"1": 1.0, "2": 1.0, "5": 1.0, "26": 1.0, "25": 0.6},
    "disgust": {"9": 1.0, "10": 1.0, "16": 0.5, "15": 0.4, "7": 0.4, "25": 0.3},
    "fear": {"1": 1.0, "2": 0.6, "4": 0.6, "5": 1.0, "20": 1.0, "25": 0.8, "26": 0.2},
    # EMFACS: 12 and 14 on one side.
    "contempt": {"12L": 0.9, "14L": 1.0, "43": 0.3},
    # Fear held back: the brows of fear over a mouth that is pressed and stretched.
    "anxiety": {"1": 0.8, "2": 0.3, "4": 0.8, "7": 0.3, "20": 0.7, "24": 0.7},
    # The facial shrug: brows up, corners down, chin up.
    "helplessness": {"1": 1.0, "2": 0.7, "15": 0.8, "17": 1.0},
    # Sadness without its brows: a tightened mouth and lowered eyes.
    "disappointment": {"14": 0.8, "15": 0.7, "24": 0.6, "43": 0.4, "64": 1.0},
}


def at_rest() -> dict[str, float]:
    """Return a relaxed face: every action unit at 0."""
    return dict.fromkeys(NAMES, 0.0)


def blend(first: str, second: str) -> dict[str, float]:
    """Return the joint expression of a temporal pair: the mean of both prototypes.

    It is the same for both classes, so that nothing in a single frame tells which of them it is.
    """
    ones, others = PROTOTYPES[first], PROTOTYPES[second]
    both = [name for name in NAMES if name in ones | others]
    return {name: (ones.get(name, 0.0) + others.get(name, 0.0)) / 2 for name in both}


def perform(prototype: ActionUnits, rng: np.random.Generator) -> dict[str, float]:
    """Return one person's own version of `prototype` at its strongest, with some units of no meaning."""
    units = at_rest()
    for name, strength in prototype.items():
        units[name] = strength * float(rng.uniform(0.55, 1.15)) * float(rng.uniform() > 0.12)
    for name in rng.choice(NAMES, 2, replace=False):
        units[name] = max(units[name], float(rng.uniform(0, 0.4)))
    return units


def describe(
    units: ActionUnits,
    rng: np.random.Generator,
    at_most: int = 3,
) -> str:
    """Return a caption of the strongest action units, in random order."""
    seen = [name for name in NAMES if units[name] > 0.25]
    strongest = sorted(seen, key=lambda name: -units[name])[:at_most]
    options = [PHRASES[name] for name in strongest] or [RELAXED]
    phrases = [words[rng.integers(len(words))] for words in options]
    rng.shuffle(phrases)
    return ", ".join(phrases[:-1]) + " and " * (len(phrases) > 1) + phrases[-1]

"""Nose, cheeks, mouth and chin."""

from __future__ import annotations

import numpy as np

from harness.demo.canvas import Canvas, Points, arc, mirror, points
from harness.demo.expressions import ActionUnits
from harness.demo.identity import Identity, mix
from harness.demo.upper_face import DARK, EYE_LINE

TEETH = (236, 232, 222)
CAVITY = (62, 18, 22)


def nose(
    canvas: Canvas,
    who: Identity,
    au: ActionUnits,
) -> None:
    """Draw the nose; AU 9 draws its wings up and wrinkles its bridge."""
    tip = who.nose_length - 0.05 * au["9"] - 0.02 * au["10"]
    wing = who.nose_width * (1 + 0.25 * au["9"] + 0.12 * au["12"])
    shade = mix(who.skin, DARK, 0.22)
    canvas.fill(
        points((0.02, EYE_LINE + 0.05), (wing, tip - 0.03), (0, tip + 0.02)),
        mix(who.skin, DARK, 0.1),
        1.15,
    )
    canvas.stroke(
        arc((-wing, tip - 0.05 * au["9"]), (0, tip + 0.07), (wing, tip - 0.05 * au["9"])),
        shade,
        0.045,
    )
    for side in (-1, 1):
        nostril = points((0.03, tip + 0.01), (0.09, tip - 0.005))
        canvas.stroke(
            mirror(nostril, side),
            mix(who.skin, DARK, 0.6),
            0.035,
        )
        for row in range(3 if au["9"] > 0.25 else 0):
            y = EYE_LINE + 0.0 + 0.085 * row
            wrinkle = points((0.0, y), (0.12, y - 0.07))
            canvas.stroke(
                mirror(wrinkle, side),
                mix(who.skin, DARK, 0.6),
                0.04 * au["9"],
            )


def cheeks(
    canvas: Canvas,
    who: Identity,
    au: ActionUnits,
) -> None:
    """Draw the folds beside nose and mouth, and the raised cheeks of AU 6."""
    lift = max(
        au["12"],
        au["9"],
        0.7 * au["10"],
    )
    shade = mix(
        who.skin,
        DARK,
        0.16 + 0.34 * min(1.0, lift),
    )
    for side in (-1, 1):
        # From the nose down past the corner of the mouth.
        fold = arc(
            (0.16, who.nose_length - 0.08 * lift),
            (0.36 + 0.07 * au["12"], 0.42 - 0.04 * lift),
            (0.42 + 0.12 * au["12"], 0.62 - 0.02 * lift),
        )
        canvas.stroke(
            mirror(fold, side),
            shade,
            0.02 * who.lines + 0.035 * lift,
        )

        # Below the eye.
        bag = arc(
            (0.16, 0.1),
            (0.38, 0.2 - 0.08 * au["6"]),
            (0.6, 0.06),
        )
        canvas.stroke(
            mirror(bag, side),
            mix(who.skin, DARK, 0.3),
            0.04 * au["6"],
        )

        # Crow's feet.
        for row in range(2 if au["6"] > 0.3 else 0):
            foot = points((0.57, EYE_LINE + 0.07 * row), (0.68, EYE_LINE - 0.07 + 0.13 * row))
            canvas.stroke(
                mirror(foot, side),
                mix(who.skin, DARK, 0.4),
                0.025,
            )


def dimples(
    canvas: Canvas,
    who: Identity,
    au: ActionUnits,
) -> None:
    """Draw the dents beside the mouth (AU 14), on one side or on both."""
    y = who.mouth_height
    for side, (corner, _) in _corners(who, au).items():
        dent = au["14"] + (au["14L"] if side < 0 else 0.0)
        x = abs(corner) + 0.06
        dimple = arc(
            (x, y - 0.12),
            (x + 0.05, y - 0.03),
            (x, y + 0.06),
        )
        canvas.stroke(
            mirror(dimple, side),
            mix(who.skin, DARK, 0.6),
            0.05 * min(1.0, dent),
        )


def _corners(who: Identity, au: ActionUnits) -> dict[int, tuple[float, float]]:
    """Return where the lips end on each side (-1, 1)."""
    places = {}
    for side in (-1, 1):
        one = 1.0 if side < 0 else 0.0
        smile, dent = au["12"] + 0.7 * one * au["12L"], au["14"] + one * au["14L"]
        x = who.mouth_width + 0.12 * smile + 0.13 * au["20"] + 0.03 * dent - 0.05 * au["23"] - 0.06 * au["26"]
        y = who.mouth_height - 0.16 * smile - 0.04 * dent + 0.15 * au["15"] + 0.03 * au["20"] + 0.05 * au["26"]
        places[side] = (side * max(x, 0.12), y)
    return places


def mouth(
    canvas: Canvas,
    who: Identity,
    au: ActionUnits,
    speech: float,
) -> None:
    """Draw lips, teeth and the inside of the mouth; `speech` (0..1) opens it without meaning."""
    left, right = _corners(who, au).values()
    press = min(1.0, 0.75 * au["23"] + 0.8 * au["24"])
    thick = who.lip * (1 - 0.75 * press)
    opened = 0.13 * au["25"] + 0.3 * au["26"] + 0.05 * au["16"] + 0.09 * speech + 0.05 * au["10"]
    opened *= 1 - 0.7 * press
    middle = who.mouth_height + who.mouth_bow - 0.09 * au["17"] + 0.03 * au["12"] - 0.02 * au["12L"]
    top, bottom = middle - 0.1 * au["10"] - 0.3 * opened, middle + 0.7 * opened + 0.05 * au["16"]
    inner = np.concatenate(
        [
            arc(left, (0, top), right),
            arc(left, (0, bottom), right)[::-1],
        ]
    )
    outer = np.concatenate(
        [
            _upper_lip(left, top - thick, right),
            arc(left, (0, bottom + 1.3 * thick), right)[::-1],
        ]
    )
    canvas.fill(outer, who.lip_colour)
    canvas.fill(inner, CAVITY)
    if bottom - top > 0.05:
        _teeth(canvas, inner, top, bottom, au)
    canvas.stroke(
        arc(left, (0, (top + bottom) / 2 if opened < 0.03 else top), right),
        mix(who.lip_colour, DARK, 0.6),
        0.025,
    )
    _chin(canvas, who, au, bottom)


def _upper_lip(
    left: tuple[float, float],
    top: float,
    right: tuple[float, float],
) -> Points:
    curve = arc(left, (0, top), right)
    curve[5, 1] += 0.02  # the bow of the upper lip
    return curve


def _teeth(
    canvas: Canvas,
    inner: Points,
    top: float,
    bottom: float,
    au: ActionUnits,
) -> None:
    """Draw the rows of teeth that a smile, a raised upper lip or a stretched mouth shows."""
    upper = min(1.0, au["12"] + au["10"] + 0.7 * au["20"]) * min(0.11, bottom - top)
    lower = min(1.0, au["16"] + 0.7 * au["20"]) * min(0.06, 0.5 * (bottom - top))
    if upper > 0.02:
        curve = inner[:11]
        band = np.minimum(curve[::-1] + np.array([0, upper]), inner[11:])
        canvas.fill(np.concatenate([curve, band]), TEETH)
    if lower > 0.02:
        curve = inner[11:]
        band = np.maximum(curve[::-1] - np.array([0, lower]), inner[:11])
        canvas.fill(np.concatenate([curve, band]), TEETH)


def _chin(
    canvas: Canvas,
    who: Identity,
    au: ActionUnits,
    bottom: float,
) -> None:
    """Draw the fold below the lower lip and the dents of a raised chin (AU 17)."""
    y = bottom + 0.19
    shade = mix(
        who.skin,
        DARK,
        0.2 + 0.3 * min(1.0, au["17"]),
    )
    canvas.stroke(
        arc((-0.17, y + 0.05), (0, y - 0.03), (0.17, y + 0.05)),
        shade,
        0.02 + 0.035 * au["17"],
    )
    if au["17"] > 0.3:
        for x in (-0.07, 0.0, 0.07):
            canvas.stroke(
                points((x, y + 0.09), (x + 0.02, y + 0.13)),
                shade,
                0.03,
            )

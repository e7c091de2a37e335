"""Forehead, brows and eyes."""

from __future__ import annotations

import numpy as np

from harness.demo.canvas import Canvas, Points, arc, mirror, points
from harness.demo.expressions import ActionUnits
from harness.demo.identity import Colour, Identity, mix

EYE_LINE = -0.1
DARK: Colour = (26, 16, 14)
WHITE: Colour = (238, 236, 232)
_ANGLE = np.linspace(0, 2 * np.pi, 20)
_CIRCLE = np.stack([np.cos(_ANGLE), np.sin(_ANGLE)], 1)
_IRIS_AND_PUPIL = np.concatenate([0.098 * _CIRCLE, 0.045 * _CIRCLE])
_TAPER = np.stack([np.zeros(11), np.linspace(1.15, 0.3, 11)], 1)


def forehead(
    canvas: Canvas,
    who: Identity,
    au: ActionUnits,
) -> None:
    """Draw the lines of raised brows (AU 1, 2) and of a frown (AU 4)."""
    raised = 0.7 * au["1"] + 0.5 * au["2"]
    shade = mix(who.skin, DARK, 0.45)
    for row in range(2 if raised > 0.35 else 0):
        y, half = -who.brow_height - 0.22 - 0.11 * row, 0.3 if au["2"] > 0.3 else 0.16
        canvas.stroke(
            arc((-half, y + 0.02), (0, y - 0.02), (half, y + 0.02)),
            shade,
            0.03 * min(raised, 1.0),
        )
    for side in (-1, 1):
        frown = points((0.055, -who.brow_height - 0.06), (0.045, -who.brow_height + 0.13))
        canvas.stroke(
            mirror(frown, side),
            mix(who.skin, DARK, 0.65),
            0.035 * au["4"],
        )


def brows(
    canvas: Canvas,
    who: Identity,
    au: ActionUnits,
) -> None:
    """Draw both brows: AU 1 lifts the inner end, AU 2 the outer end, AU 4 pulls down and together."""
    inner = -who.brow_height - 0.17 * au["1"] + 0.15 * au["4"] + 0.06 * au["9"] - 0.02 * au["5"]
    outer = -who.brow_height + 0.03 + who.brow_tilt - 0.17 * au["2"] + 0.04 * au["4"] + 0.03 * au["1"]
    near, far = 0.15 - 0.055 * au["4"], 0.57
    middle = (inner + outer) / 2 - 0.055 - 0.04 * au["2"] + 0.03 * au["4"]
    top = arc(
        (near, inner),
        ((near + far) / 2, middle),
        (far, outer),
    )
    shape = np.concatenate([top, (top + 1.4 * who.brow_thickness * _TAPER)[::-1]])
    for side in (-1, 1):
        canvas.fill(mirror(shape, side), who.brow_colour)


def eyes(
    canvas: Canvas,
    who: Identity,
    au: ActionUnits,
    gaze: float,
    closed: float,
) -> None:
    """Draw both eyes; `gaze` (-1..1) looks sideways and `closed` (0..1) is a blink."""
    shut = min(1.0, closed + 0.5 * au["43"] + 0.45 * au["64"])
    raised = 1 + 0.6 * au["5"] - 0.35 * au["7"] - 0.2 * au["6"] - 0.3 * au["9"]
    upper = 0.125 * who.eye_size * raised * (1 - shut)
    lowered = 1 + 0.25 * au["5"] - 0.6 * au["7"] - 1.0 * au["6"] - 0.5 * au["9"]
    lower = 0.075 * who.eye_size * lowered
    for side in (-1, 1):
        _eye(
            canvas,
            who,
            side,
            max(upper, 0.006),
            max(lower, -0.02),
            (gaze, au["64"]),
        )


def _eye(
    canvas: Canvas,
    who: Identity,
    side: int,
    upper: float,
    lower: float,
    gaze: tuple[float, float],
) -> None:
    half = 0.17 * who.eye_size
    corner = EYE_LINE + 0.01
    top = arc(
        (-half, corner + 0.01),
        (0, EYE_LINE - upper),
        (half, corner - 0.015),
    )
    bottom = arc(
        (-half, corner + 0.01),
        (0, max(EYE_LINE + lower, EYE_LINE - upper + 0.012)),
        (half, corner - 0.015),
    )
    centre = np.array([side * who.eye_gap, 0.0])
    place = [mirror(shape, side) + centre for shape in (top, bottom)]
    canvas.fill(np.concatenate([place[0], place[1][::-1]]), WHITE)
    discs = _discs(who.eye_size, gaze, top, bottom, side) + centre
    canvas.fill(discs[: len(_CIRCLE)], who.iris)
    canvas.fill(discs[len(_CIRCLE) :], DARK)
    canvas.stroke(place[0], DARK, 0.035)
    canvas.stroke(
        place[1],
        mix(who.skin, DARK, 0.35),
        0.016,
    )
    canvas.stroke(
        place[0] - np.array([0, 0.05]),
        mix(who.skin, DARK, 0.25),
        0.016,
    )


def _discs(
    size: float,
    gaze: tuple[float, float],
    top: Points,
    bottom: Points,
    side: int,
) -> Points:
    """Return iris and pupil (2 N, 2), which the lids cut off."""
    x = size * _IRIS_AND_PUPIL[:, 0] + 0.05 * gaze[0]
    y = EYE_LINE + size * _IRIS_AND_PUPIL[:, 1] + 0.06 * gaze[1]
    x_lid = x * side
    upper = np.interp(
        x_lid,
        top[:, 0],
        top[:, 1],
    )
    lower = np.interp(
        x_lid,
        bottom[:, 0],
        bottom[:, 1],
    )
    return np.stack([x, np.minimum(np.maximum(y, upper), lower)], 1)


def glasses(canvas: Canvas, who: Identity) -> None:
    """Draw the frame of the glasses, if the person wears any."""
    if not who.glasses:
        return
    for side in (-1, 1):
        rim = _CIRCLE * [0.26, 0.21] + [side * who.eye_gap, EYE_LINE + 0.02]
        canvas.stroke(rim, (40, 36, 40), 0.03)
    canvas.stroke(
        arc((-0.1, EYE_LINE), (0, EYE_LINE - 0.03), (0.1, EYE_LINE)),
        (40, 36, 40),
        0.03,
    )

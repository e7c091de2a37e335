"""A parametric face: identity, action units and view in, picture out."""

from __future__ import annotations

import numpy as np
from PIL import Image

from harness.demo.camera import CameraView
from harness.demo.canvas import Canvas, Points, arc
from harness.demo.expressions import ActionUnits
from harness.demo.identity import Identity, mix
from harness.demo.lower_face import cheeks, dimples, mouth, nose
from harness.demo.upper_face import DARK, brows, eyes, forehead, glasses

_ANGLE = np.linspace(0, 2 * np.pi, 40)
_CIRCLE = np.stack([np.cos(_ANGLE), np.sin(_ANGLE)], 1)


def render(
    who: Identity,
    units: ActionUnits,
    view: CameraView,
    rng: np.random.Generator,
    *,
    gaze: float = 0.0,
    closed: float = 0.0,
    speech: float = 0.0,
) -> Image.Image:
    """Return the face as an RGB picture of `SIZE` pixels; `rng` gives the noise of the sensor."""
    canvas = Canvas(view)
    _head(canvas, who, units["26"] + 0.3 * speech)
    forehead(canvas, who, units)
    cheeks(canvas, who, units)
    dimples(canvas, who, units)
    nose(canvas, who, units)
    eyes(canvas, who, units, gaze, closed)
    brows(canvas, who, units)
    mouth(canvas, who, units, speech)
    glasses(canvas, who)
    return canvas.develop(rng)


def _outline(
    who: Identity,
    jaw_drop: float,
    grow: float = 0.0,
) -> Points:
    """Return the outline of the head; a dropped jaw lengthens its lower half."""
    cosine, sine = _CIRCLE.T
    below = np.maximum(sine, 0)
    x = (who.width + grow) * cosine * (1 - 0.18 * below**2 + who.jaw * 0.3 * below * (1 - below))
    y = (who.height + grow) * sine + 0.12 * jaw_drop * below
    return np.stack([x, y], 1)


def _head(
    canvas: Canvas,
    who: Identity,
    jaw_drop: float,
) -> None:
    """Draw neck, hair, ears and skin."""
    outline = _outline(who, jaw_drop)
    shadow = mix(who.skin, DARK, 0.3)
    neck = np.array([[-0.42, 0.7], [0.42, 0.7], [0.5, 2.0], [-0.5, 2.0]])
    if who.style == "long":
        back = _outline(who, 0.0, 0.2)
        canvas.fill(
            np.concatenate([back[20:], [[1.15, 1.8], [-1.15, 1.8]]]),
            who.hair,
            0.0,
        )
    canvas.fill(neck, shadow, 0.0)
    for side in (-1, 1):
        ear = np.array([[0.9, -0.15], [1.04, -0.18], [1.02, 0.12], [0.88, 0.22]]) * [
            side * who.width / 0.9,
            1,
        ]
        canvas.fill(
            ear,
            mix(who.skin, DARK, 0.15),
            0.0,
        )
    if who.style != "bald":
        canvas.fill(
            _outline(who, 0.0, 0.09)[20:],
            who.hair,
            0.0,
        )
    canvas.fill(outline, who.skin, 0.0)
    _hair(canvas, who, outline)
    if who.beard > 0:
        _beard(canvas, who, outline)


def _hair(
    canvas: Canvas,
    who: Identity,
    outline: Points,
) -> None:
    """Draw the hair above the forehead, or a shine where there is none."""
    if who.style == "bald":
        return
    low = {
        "short": -0.78,
        "long": -0.72,
        "fringe": -0.6,
    }[who.style]
    line = arc(
        (who.width * 0.98, -0.3),
        (0.1, low - 0.12),
        (-who.width * 0.98, -0.3),
    )
    line[:, 1] = np.minimum(line[:, 1], low + 0.35 * np.abs(line[:, 0]) ** 3)
    canvas.fill(
        np.concatenate([outline[20:] * 1.02, line]),
        who.hair,
        0.0,
    )


def _beard(
    canvas: Canvas,
    who: Identity,
    outline: Points,
) -> None:
    """Darken the lower face; the shade is weak, so that the mouth stays readable."""
    jaw = outline[:20]
    inner = arc(
        (-0.6 * who.width, 0.35),
        (0, 0.55),
        (0.6 * who.width, 0.35),
    )
    canvas.fill(
        np.concatenate([jaw, inner]),
        mix(who.skin, who.hair, 0.25 * who.beard),
        0.0,
    )

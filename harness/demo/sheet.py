"""A contact sheet, so that a person can see that happiness looks happy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from harness.demo.camera import draw_view
from harness.demo.canvas import SIZE
from harness.demo.expressions import PROTOTYPES, ActionUnits, at_rest, blend
from harness.demo.faces import render
from harness.demo.film import Pairs
from harness.demo.identity import draw_identity
from harness.demo.randomness import generator

PEOPLE, LEVELS = 3, (0.15, 0.4, 0.7, 1.0)
ZOOM, MARGIN = 2, 190


def write_sheet(
    path: Path,
    classes: Sequence[str],
    pairs: Pairs = (),
    seed: int = 0,
) -> None:
    """Write a PNG with a row per class, and per temporal pair: three people, each from onset to apex.

    A class of a pair appears twice: as EMFACS has it, and as the joint expression that its clips show.
    """
    rows: list[tuple[str, ActionUnits]] = [(name, PROTOTYPES[name]) for name in classes]
    rows += [(f"{first}: left to right\n{second}: right to left", blend(first, second)) for first, second in pairs]
    cell = SIZE * ZOOM
    sheet = Image.new(
        "RGB",
        (MARGIN + PEOPLE * (len(LEVELS) * cell + 8), len(rows) * cell),
        "white",
    )
    pen = ImageDraw.Draw(sheet)
    for row, (label, units) in enumerate(rows):
        pen.text(
            (8, row * cell + cell // 2 - 12),
            label,
            fill="black",
            font_size=13,
        )
        for person in range(PEOPLE):
            left = MARGIN + person * (len(LEVELS) * cell + 8)
            sheet.paste(_strip(units, f"{seed}/{person}"), (left, row * cell))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def _strip(units: ActionUnits, person: str) -> Image.Image:
    """Return one person's faces side by side, from onset to apex; light and pose are the person's own."""
    rng = generator("sheet", person)
    who, view, cell = draw_identity("sheet", person), draw_view(rng, 0.6), SIZE * ZOOM
    strip = Image.new("RGB", (len(LEVELS) * cell, cell))
    for column, level in enumerate(np.array(LEVELS)):
        now = at_rest() | {name: float(strength * level) for name, strength in units.items()}
        face = render(
            who,
            now,
            view,
            rng,
        ).resize((cell, cell), Image.Resampling.BICUBIC)
        strip.paste(face, (column * cell, 0))
    return strip

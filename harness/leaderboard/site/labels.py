"""Where names stand beside the points of a chart, so that none lies over another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WIDTH, HEIGHT = 240, 280  # pixels of the smallest chart, on a phone: in a wider one names are only further apart
LETTER, LINE = 6.6, 13  # pixels of a letter and a line
LONGEST = 24  # letters of a name
POINT = 5  # pixels from the middle of a point to its rim
BESIDE, ABOVE = 8, 10  # pixels between a point and its name
PLACES = (("left", -ABOVE), ("left", ABOVE), ("right", -ABOVE), ("right", ABOVE))  # how text is aligned, and its dy
Box = tuple[float, float, float, float]  # left, top, right, bottom


def place_names(values: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each point with `label`, `align` and `dy`; the label is empty where no place around the point is free.

    Points in front come first, from the best; the others are not named. A name that is not written stands in the tip
    of its point and in the table below the chart.

    Args: points with `cost` above 0, drawn on a logarithmic axis, `uar`, `front` and `name`.
    """
    found: dict[int, tuple[str, int]] = {}
    across = _scaled([math.log(value["cost"]) for value in values], WIDTH)
    down = _scaled([-value["uar"] for value in values], HEIGHT)
    front = [place for place, value in enumerate(values) if value["front"]]
    taken = [_around(across[place], down[place]) for place in front]
    for place in sorted(front, key=lambda number: -values[number]["uar"]):
        for (align, dy), box in _boxes(
            str(values[place]["name"]),
            across[place],
            down[place],
        ):
            if box[0] >= 0 and box[2] <= WIDTH and not any(_overlap(box, other) for other in taken):
                found[place] = (align, dy)
                taken.append(box)
                break
    named = []
    for place, value in enumerate(values):
        align, dy = found.get(place, ("left", 0))
        named.append(
            {
                **value,
                "label": short(str(value["name"])) if place in found else "",
                "align": align,
                "dy": dy,
            }
        )
    return named


def short(name: str) -> str:
    """Return a name that is no longer than a chart has room for."""
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _boxes(
    name: str,
    x: float,
    y: float,
) -> Iterator[tuple[tuple[str, int], Box]]:
    """Yield each place for a name, and the room that it takes there."""
    width = LETTER * len(short(name))
    for align, dy in PLACES:
        left = x + BESIDE if align == "left" else x - BESIDE - width
        yield (align, dy), (left, y + dy - LINE / 2, left + width, y + dy + LINE / 2)


def _around(
    x: float,
    y: float,
) -> Box:
    """Return the room of a point."""
    return x - POINT, y - POINT, x + POINT, y + POINT


def _scaled(
    values: Sequence[float],
    size: float,
) -> list[float]:
    """Return values as pixels from 0 to `size`, the middle where all are equal."""
    low, high = min(values), max(values)
    return [size / 2 if high == low else (value - low) / (high - low) * size for value in values]


def _overlap(
    first: Box,
    second: Box,
) -> bool:
    beside = first[2] <= second[0] or second[2] <= first[0]
    above = first[3] <= second[1] or second[3] <= first[1]
    return not (beside or above)

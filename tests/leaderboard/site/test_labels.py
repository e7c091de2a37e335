"""Names in a chart lie beside their points and never over each other."""

from __future__ import annotations

import itertools

import pytest

from harness.leaderboard.site.labels import BESIDE, LETTER, LINE, place_names, short


def point(name: str, cost: float, uar: float, front: bool = True) -> dict[str, object]:
    return {"name": name, "cost": cost, "uar": uar, "front": front}


def test_only_rows_in_front_are_named_and_the_best_first() -> None:
    points = [point("low", 1.0, 50.0), point("behind", 5.0, 40.0, front=False), point("best", 100.0, 80.0)]
    named = place_names(points)
    assert [value["label"] for value in named] == ["low", "", "best"]
    assert named[2]["align"] == "right"  # at the right end there is no room beyond


def test_names_that_would_collide_are_left_out() -> None:
    crowd = [point(f"method number {number}", 10.0 + number / 1000, 60.0 + number / 1000) for number in range(12)]
    ends = [point("left", 1.0, 40.0, front=False), point("right", 100.0, 90.0, front=False)]
    named = [value for value in place_names([*crowd, *ends]) if value["label"]]
    assert 1 <= len(named) <= 4
    assert "method number 11" in {value["label"] for value in named}
    spots = {(value["align"], value["dy"]) for value in named}
    assert len(spots) == len(named)


@pytest.mark.parametrize("count", [2, 8, 30])
def test_a_front_of_any_length_has_no_two_names_in_one_place(count: int) -> None:
    """Boxes as they are drawn in the smallest chart, 240 by 280 pixels."""
    front = [point("m" * 14 + str(number), 1.3**number, 50.0 + number) for number in range(count)]
    boxes = []
    for number, value in enumerate(place_names(front)):
        if value["label"]:
            x, y = 240 * number / (count - 1), 280 - 280 * number / (count - 1)
            width = LETTER * len(value["label"])
            left = x + BESIDE if value["align"] == "left" else x - BESIDE - width
            boxes.append((left, left + width, y + value["dy"]))
    assert boxes
    for a, b in itertools.combinations(boxes, 2):
        assert a[1] <= b[0] or b[1] <= a[0] or abs(a[2] - b[2]) >= LINE - 1e-9


def test_a_long_name_is_cut() -> None:
    assert short("x" * 40) == "x" * 23 + "…"
    assert short("short") == "short"

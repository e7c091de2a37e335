"""Following faces and bringing them upright, with faces that are known exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from harness.data.prepare.align import ARCFACE, align, similarity
from harness.data.prepare.faces import Face
from harness.data.prepare.track import GAP, choose, follow

POINTS = ((0.0, 0.0),) * 5


def box(x: float, y: float = 0.0, side: float = 100.0) -> Face:
    return Face(x, y, side, side, 0.9, POINTS)


def test_overlap_is_intersection_over_union() -> None:
    assert box(0).overlap(box(0)) == 1.0
    assert box(0).overlap(box(50)) == pytest.approx(50 / 150)
    assert box(0).overlap(box(100)) == box(0).overlap(box(300, 300)) == 0.0


def test_the_face_that_covers_most_of_the_clip_is_tracked() -> None:
    """A larger one passes through; the tracked face moves, is lost for a while and comes back."""
    frames = [[box(5 * i)] for i in range(10)]
    frames[3].insert(0, box(400, side=180))
    frames[6] = []
    frames[7] = [box(400, side=150)]
    chosen = choose(frames, "tracked")
    assert {number: face.x for number, face in chosen.items()} == {i: 5 * i for i in range(10) if i not in (6, 7)}
    largest = choose(frames, "largest")
    assert [largest[i].x for i in (3, 7)] == [400, 400]
    assert sorted(largest) == [0, 1, 2, 3, 4, 5, 7, 8, 9]


def test_two_people_are_two_tracks_also_when_their_order_changes() -> None:
    tracks = follow([[box(0), box(300)], [box(302), box(2)], [box(4), box(304)]])
    assert [[face.x for face in track.values()] for track in tracks] == [[0, 2, 4], [300, 302, 304]]


def test_a_face_lost_for_long_is_another_track() -> None:
    for pause, count in ((GAP, 1), (GAP + 1, 2)):
        frames = [[box(0)], *[[] for _ in range(pause - 1)], [box(0)]]
        assert len(follow(frames)) == count


def test_no_face_is_chosen_where_there_is_none() -> None:
    assert choose([[], []], "tracked") == choose([[], []], "largest") == {}


@given(st.floats(-3, 3), st.floats(0.05, 20), st.floats(-500, 500), st.floats(-500, 500))
def test_a_similarity_is_found_exactly(angle: float, scale: float, x: float, y: float) -> None:
    a, b = scale * math.cos(angle), scale * math.sin(angle)
    u, v = ARCFACE.T * 100
    found = similarity(ARCFACE * 100, np.stack([a * u - b * v + x, b * u + a * v + y], 1))
    assert found == pytest.approx((a, b, x, y), abs=1e-6, rel=1e-6)


@pytest.mark.parametrize(("angle", "scale"), [(0, 60), (25, 60), (-40, 150), (180, 90), (10, 900), (0, 30)])
@pytest.mark.parametrize("margin", [0.0, 0.2])
def test_the_points_of_a_face_come_to_lie_where_they_belong(angle: int, scale: int, margin: float) -> None:
    """Five coloured discs, wherever and however large, are found at their places, up to the grid they are drawn on."""
    turn = np.array([[math.cos(math.radians(angle)), -math.sin(math.radians(angle))],
                     [math.sin(math.radians(angle)), math.cos(math.radians(angle))]])  # fmt: skip
    places = (ARCFACE - 0.5) @ turn.T * scale + (700, 600)
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)]
    image = Image.new("RGB", (1400, 1200))
    draw = ImageDraw.Draw(image)
    radius = max(2.0, scale / 20)
    for (x, y), colour in zip(places, colours, strict=True):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    face = Face(0, 0, 1, 1, 1.0, tuple((float(x), float(y)) for x, y in places))
    crop = np.asarray(align(np.asarray(image), face, 112, margin)).astype(int)
    assert crop.shape == (112, 112, 3)
    for place, colour in zip(ARCFACE, colours, strict=True):
        near = np.abs(crop - colour).sum(-1) < 200
        found = np.argwhere(near).mean(0)[::-1] + 0.5
        np.testing.assert_allclose(found, (place * (1 - 2 * margin) + margin) * 112, atol=0.8 + 60 / scale)

"""Hard clips against counts by hand."""

from __future__ import annotations

import numpy as np
import pytest

from harness.statistics.difficulty import Difficulty, mean_agreement, most_named

CLASSES = ("happy", "sad", "angry")


@pytest.fixture
def made() -> Difficulty:
    """Four clips, three methods, two seeds each."""
    return Difficulty(
        labels=np.array([0, 0, 1, 1]),
        frames=np.array([8, 20, 100, 0]),
        right=np.array([[1.0, 1.0, 0.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.5, 0.0, 0.0]]),
        guesses=np.array([[0, 0, 0], [1, 2, 1], [2, 2, 2], [1, 0, 2]]),
        classes=CLASSES,
    )


def test_what_no_method_gets_right_comes_first(made: Difficulty) -> None:
    assert made.never.tolist() == [False, True, True, False]
    assert made.share.tolist() == pytest.approx([2.5 / 3, 0, 0, 0.5 / 3])
    assert made.hardest().tolist() == [2, 1, 3, 0]  # of two that are never right, first the one that all call the same
    assert made.usual.tolist() == [0, 1, 2, 0]


def test_parts_by_class_and_length(made: Difficulty) -> None:
    assert [(part.name, part.clips, part.never) for part in made.by_class()] == [("happy", 2, 1), ("sad", 2, 1)]
    lengths = {part.name: (part.clips, part.never) for part in made.by_length()}
    assert lengths == {
        "length not known": (1, 0),
        "1 to 15 frames": (1, 0),
        "16 to 31 frames": (1, 1),
        "64 frames and more": (1, 1),
    }


def test_agreement_is_on_the_class_that_is_named(made: Difficulty) -> None:
    found = made.agreement()
    assert found.diagonal().tolist() == [1.0, 1.0, 1.0]
    assert [found[0, 1], found[0, 2], found[1, 2]] == [0.5, 0.75, 0.5]
    assert mean_agreement(found) == pytest.approx(1.75 / 3)
    assert mean_agreement(np.ones((1, 1))) is None


def test_most_seeds_decide_and_of_equals_the_first_class() -> None:
    assert most_named(np.array([[2, 1, 0], [2, 0, 2], [1, 2, 1]]), 3).tolist() == [2, 0, 0]

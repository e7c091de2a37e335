"""The draw: at least one job a row, every set equally likely, repeatable with its salt; and the chance that is told."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from harness.core.errors import BadOption
from harness.verification.draw import chance, draw, drawn_per_row, new_salt


@pytest.mark.parametrize(
    ("asked", "counts"),
    [
        ("5%", {"a": 1, "b": 1, "c": 1}),
        ("20%", {"a": 3, "b": 1, "c": 1}),
        ("21%", {"a": 4, "b": 2, "c": 1}),
        ("100%", {"a": 15, "b": 5, "c": 1}),
        ("1", {"a": 1, "b": 1, "c": 1}),
        ("500", {"a": 15, "b": 5, "c": 1}),
    ],
)
def test_at_least_one_job_a_row(asked: str, counts: dict[str, int]) -> None:
    assert drawn_per_row(asked, {"a": 15, "b": 5, "c": 1}, "salt") == counts


@pytest.mark.parametrize("number", range(3, 22))
def test_a_number_is_kept_where_it_can_be(number: int) -> None:
    assert sum(drawn_per_row(str(number), {"a": 15, "b": 5, "c": 1}, "salt").values()) == number


@pytest.mark.parametrize("asked", ["", "0", "-3", "many", "0%", "101%", "x%", "²", "nan%"])
def test_what_is_no_number_is_refused(asked: str) -> None:
    with pytest.raises(BadOption, match="--jobs"):
        drawn_per_row(asked, {"a": 15}, "salt")


def test_the_same_salt_draws_the_same_whatever_the_order() -> None:
    ids = [f"job-{number}" for number in range(15)]
    first = draw({"row": ids}, {"row": 4}, "one")
    assert draw({"row": ids[::-1]}, {"row": 4}, "one") == first
    assert draw({"row": ids}, {"row": 4}, "another") != first
    assert new_salt() != new_salt()


def test_every_set_of_jobs_is_equally_likely() -> None:
    ids, trials = [f"job-{number}" for number in range(5)], 6000
    found = Counter(frozenset(draw({"row": ids}, {"row": 2}, str(salt))["row"]) for salt in range(trials))
    sets = [frozenset(pair) for pair in combinations(ids, 2)]
    expected = trials / len(sets)
    assert sum((found[one] - expected) ** 2 / expected for one in sets) < 27.9  # chi squared, 9 degrees, 0.1 %


@pytest.mark.parametrize(("drawn", "forged"), [(1, 1), (3, 1), (1, 4), (5, 2), (15, 1), (2, 15)])
def test_the_chance_that_is_told_is_that_of_a_simulation(drawn: int, forged: int) -> None:
    ids, trials = [f"job-{number}" for number in range(15)], 4000
    false = set(np.random.default_rng(drawn).choice(ids, forged, replace=False).tolist())
    found = sum(bool(false & set(draw({"row": ids}, {"row": drawn}, f"{salt}")["row"])) for salt in range(trials))
    told = chance(15, drawn, forged)
    error = np.sqrt(told * (1 - told) / trials)
    assert abs(found / trials - told) <= 4 * error


def test_one_of_fifteen_with_one_drawn() -> None:
    assert chance(15, 1) == pytest.approx(1 / 15)
    assert chance(15, 15) == 1

"""What a clip shows: pairs differ in direction only, names alone decide, and people are not reused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.demo.expressions import NAMES, PHRASES, PROTOTYPES, at_rest, blend, describe
from harness.demo.film import FRAMES, Performance, film
from harness.demo.identity import draw_identity
from harness.demo.randomness import generator
from harness.demo.render import ClipPlan
from helpers.replicas import REPLICAS

PAIR = ("sadness", "anger")


@pytest.mark.parametrize("number", range(5))
def test_a_pair_differs_in_direction_only(number: int) -> None:
    first, second = (film(Performance(shows, "actor", f"clip{number}"), [PAIR]) for shows in PAIR)
    assert [frame.tobytes() for frame in first] == [frame.tobytes() for frame in second[::-1]]


def test_without_its_pair_a_class_is_not_played_backwards() -> None:
    first, second = (film(Performance(shows, "actor", "clip"), []) for shows in PAIR)
    assert [frame.tobytes() for frame in first] != [frame.tobytes() for frame in second[::-1]]


def test_a_pair_starts_near_rest_and_ends_at_its_strongest() -> None:
    """The mouth moves more between the ends of the clip than the noise of two like frames."""
    frames = [np.asarray(f, np.float32) for f in film(Performance("surprise", "a", "c"), [("surprise", "anxiety")])]
    ends, start = np.abs(frames[-1] - frames[0]).mean(), np.abs(frames[1] - frames[0]).mean()
    assert ends > 1.2 * start


def test_equal_names_give_equal_frames() -> None:
    first, again = (film(Performance("fear", "a", "b")) for _ in range(2))
    other = film(Performance("fear", "a", "c"))
    assert [frame.tobytes() for frame in first] == [frame.tobytes() for frame in again]
    assert first[0].tobytes() != other[0].tobytes()


def test_length_is_drawn_before_the_class() -> None:
    for number in range(10):
        lengths = {len(film(Performance(shows, "a", f"n{number}"))) for shows in ("neutral", "happiness", "fear")}
        assert len(lengths) == 1
        assert lengths.pop() in range(*FRAMES)


def test_no_replica_casts_a_face_that_trained_the_backbone(tmp_path: Path, unrendered: list[ClipPlan]) -> None:
    for replica in REPLICAS:
        replica.write(tmp_path / replica.folder)
    actors = {plan.act.actor for plan in unrendered}
    trained = {draw_identity(f"backbone/0/{part}/{n}") for part in ("train", "plain") for n in range(3000)}
    assert len({draw_identity(actor) for actor in actors}) == len(actors) > 300
    assert not {draw_identity(actor) for actor in actors} & trained
    assert not any(actor.startswith("backbone/") for actor in actors)


def test_prototypes_use_known_units() -> None:
    assert all(set(prototype) <= set(NAMES) for prototype in PROTOTYPES.values())
    assert blend(*PAIR) == blend(*reversed(PAIR))


def test_captions_name_what_is_seen() -> None:
    rng = generator("captions")
    assert describe(at_rest() | {"9": 0.9}, rng) in PHRASES["9"]
    assert " and " in describe(at_rest() | {"6": 0.9, "12": 0.8}, rng)

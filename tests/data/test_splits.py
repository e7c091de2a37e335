"""Splits: hash, rules and the validation part."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.dataset_spec import DatasetSpec, Fold, Sample
from harness.core.text import natural_key
from harness.data.splits import canonical_sha256, five_chunks, hold_out, is_official, per_class, scene_fifths


def make(clip: str, label: int = 0, group: str = "") -> Sample:
    return Sample(clip, Path("/data") / clip, label, group)


ungrouped = st.lists(st.integers(0, 3), max_size=60).map(
    lambda labels: [make(f"clip{i}", label) for i, label in enumerate(labels)]
)
grouped = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["", *"ABCDEFGHIJ"])), max_size=60).map(
    lambda rows: [make(f"clip{i}", label, group) for i, (label, group) in enumerate(rows)]
)


def test_natural_order() -> None:
    assert sorted(["10", "2", "1", "a10", "a9", "a09"], key=natural_key) == [
        "1",
        "2",
        "10",
        "a09",
        "a9",
        "a10",
    ]


@given(st.lists(st.text("ab01٣/", max_size=6), max_size=8))
def test_natural_order_takes_any_text_and_is_total(texts: list[str]) -> None:
    backwards = texts[::-1]
    assert sorted(texts, key=natural_key) == sorted(backwards, key=natural_key)


@given(st.sets(st.integers(0, 10**6)))
def test_natural_order_of_numbers(numbers: set[int]) -> None:
    assert sorted(map(str, numbers), key=natural_key) == [str(n) for n in sorted(numbers)]


def test_canonical_hash_is_of_sorted_lines() -> None:
    expected = hashlib.sha256(b"00001 2\n00002 0\n00010 1\n").hexdigest()
    assert canonical_sha256([make("00010", 1), make("00002", 0), make("00001", 2)]) == expected


def test_per_class_keeps_empty_classes() -> None:
    assert per_class([make("a", 2), make("b", 0), make("c", 2)], 4) == (1, 0, 2, 0)


def test_official_only_when_both_parts_are() -> None:
    fold = Fold([make("a", 0), make("b", 1)], [make("c", 0)])
    hashes = (canonical_sha256(fold.train), canonical_sha256(fold.test))
    spec = DatasetSpec("toy", "1", "Toy", "toy", (), ("1", "2"), lambda *_: fold, split_sha256={"1": hashes})
    assert is_official(spec, "1", fold)
    assert not is_official(spec, "2", fold)
    assert not is_official(spec, "1", Fold(fold.train, [make("c", 1)]))
    assert not is_official(spec, "1", Fold(fold.train[:1], fold.test))
    assert not is_official(dataclasses.replace(spec, split_sha256={}), "1", fold)


def test_five_chunks_by_hand() -> None:
    parts = five_chunks({0: ["10", "9", "1", "2", "3", "4", "5"], 1: ["6"]})
    assert [list(part.items()) for part in parts] == [
        [("1", 0), ("2", 0), ("6", 1)],
        [("3", 0), ("4", 0)],
        [("5", 0)],
        [("9", 0)],
        [("10", 0)],
    ]


def test_scene_fifths_by_hand() -> None:
    ids = [f"War/Sad/{i:04d}" for i in range(6)] + ["War/Fear/0003"]
    train, test = scene_fifths(reversed(ids))
    assert test == ["War/Fear/0003", "War/Sad/0000", "War/Sad/0001"]
    assert sorted(train + test) == sorted(ids)


def slow_last_eighths(train: list[Sample]) -> set[str]:
    """The rule, said once more: the last eighth of each class, at least one of two."""
    by_class = defaultdict(list)
    for sample in train:
        by_class[sample.label].append(sample.id)
    held: set[str] = set()
    for ids in by_class.values():
        ids.sort(key=natural_key)
        count = len(ids) // 8 if len(ids) >= 8 else int(len(ids) >= 2)
        held |= set(ids[len(ids) - count :])
    return held


@given(ungrouped)
def test_hold_out_is_the_last_eighth_of_each_class(train: list[Sample]) -> None:
    rest, validation = hold_out(train)
    assert {s.id for s in validation} == slow_last_eighths(train)
    assert {s.id for s in rest} == {s.id for s in train} - slow_last_eighths(train)


@given(grouped, st.randoms(use_true_random=False))
def test_hold_out_partitions_in_natural_order_whatever_the_input_order(
    train: list[Sample], shuffler: random.Random
) -> None:
    rest, validation = hold_out(train)
    shuffled = list(train)
    shuffler.shuffle(shuffled)
    assert hold_out(shuffled) == (rest, validation)
    assert sorted(rest + validation, key=lambda s: natural_key(s.id)) == train
    for part in (rest, validation):
        assert part == sorted(part, key=lambda s: natural_key(s.id))


@given(grouped)
def test_hold_out_splits_no_group_and_empties_no_class(train: list[Sample]) -> None:
    rest, validation = hold_out(train)
    assert not {s.group for s in rest} & {s.group for s in validation} - {""}
    assert {s.label for s in rest} == {s.label for s in train}


@given(st.lists(st.integers(1, 4), min_size=24, max_size=40))
def test_groups_of_one_class_hold_out_roughly_an_eighth(sizes: list[int]) -> None:
    groups = [f"film{i}" for i, size in enumerate(sizes) for _ in range(size)]
    train = [make(f"clip{i}", 0, group) for i, group in enumerate(groups)]
    _, validation = hold_out(train)
    wanted = len(train) // 8
    assert wanted <= len(validation) <= wanted + 3  # the last group taken has at most four clips
    assert validation == train[-len(validation) :]


def test_a_huge_last_group_is_passed_over() -> None:
    sizes = Counter({"a": 2, "b": 2, "c": 2, "d": 18})
    train = [make(f"{group}{i}", 0, group) for group, size in sizes.items() for i in range(size)]
    assert {s.group for s in hold_out(train)[1]} == {"b", "c"}


def test_a_huge_group_is_better_than_no_validation() -> None:
    train = [make(f"{group}{i}", 0, group) for group in "ab" for i in range(10)]
    assert {s.group for s in hold_out(train)[1]} == {"b"}


def test_a_class_in_one_group_stays_in_training() -> None:
    train = [make(f"a{i}", 0, "film") for i in range(10)]
    assert hold_out(train) == (train, [])


@pytest.mark.parametrize(("size", "held"), [(0, 0), (1, 0), (2, 1), (7, 1), (8, 1), (15, 1), (16, 2)])
def test_hold_out_sizes(size: int, held: int) -> None:
    assert len(hold_out([make(str(i)) for i in range(size)])[1]) == held

"""The order of training clips, and their batches."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from harness.core.errors import BadData
from harness.training.order import batches_of, order, split
from helpers.points import Points, stage


def test_the_order_is_a_hash_of_seed_stage_and_epoch() -> None:
    first = order(50, 1, "a", 0).tolist()
    torch.manual_seed(3)
    np.random.seed(3)
    assert order(50, 1, "a", 0).tolist() == first
    others = [order(50, 2, "a", 0), order(50, 1, "b", 0), order(50, 1, "a", 1)]
    assert all(other.tolist() != first for other in others)


def test_split_keeps_order_and_loses_nothing() -> None:
    assert split(np.arange(5), 2) == [[0, 1], [2, 3], [4]]
    assert split(np.arange(0), 2) == []


def test_batches_are_the_order_cut_up() -> None:
    given, samples = stage(batch_size=4), Points(10).samples
    assert batches_of(given, samples, 3, 2) == split(order(10, 3, "one", 2), 4)


@pytest.mark.parametrize(("count", "sizes"), [(10, [4, 4]), (8, [4, 4]), (4, [4])])
def test_drop_last_leaves_a_short_batch_out(count: int, sizes: list[int]) -> None:
    found = batches_of(stage(batch_size=4, drop_last=True), Points(count).samples, 1, 0)
    assert [len(batch) for batch in found] == sizes
    assert found == batches_of(stage(batch_size=4), Points(count).samples, 1, 0)[: len(sizes)]


def test_a_stage_that_drops_its_only_batch_is_refused() -> None:
    with pytest.raises(BadData, match="stage 'one' has drop_last, and its 3 training clips fill no batch of 4"):
        batches_of(stage(batch_size=4, drop_last=True), Points(3).samples, 1, 0)


def test_balanced_sampling_draws_each_class_as_often() -> None:
    """Of 1,000 clips of one class and 50 and 10 of two others; within five standard deviations of a third."""
    samples = [s for label, n in ((0, 1000), (2, 50), (5, 10)) for s in Points(n, label=label).samples]
    given = stage(batch_size=4, sampling="balanced")
    epochs = [[row for batch in batches_of(given, samples, 1, epoch) for row in batch] for epoch in range(3)]
    for rows in epochs:
        assert len(rows) == 1060
        drawn = Counter(samples[row].label for row in rows)
        assert set(drawn) == {0, 2, 5}
        assert all(abs(count - 1060 / 3) < 5 * (1060 * 2 / 9) ** 0.5 for count in drawn.values())
    assert epochs[0] != epochs[1]
    assert epochs[0] == [row for batch in batches_of(given, samples, 1, 0) for row in batch]

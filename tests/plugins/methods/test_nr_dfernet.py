"""NR-DFERNet: its counts, its equations, its filter and its public files."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
import torch
from torch import Tensor

from harness_plugins.methods.nr_dfernet import Options
from harness_plugins.methods.nr_dfernet.model import NrDferNet
from harness_plugins.methods.nr_dfernet.snippets import snippets, without_neutral
from helpers import slow_networks as slow
from helpers.pixels import SEVEN, at_random, macs_of, parameters_of, pixel_task
from helpers.public_files import assert_takes_public_file, listed
from helpers.trees import assert_same_tree

FRAMES, SIZE = 6, 32
NEUTRAL = SEVEN.index("neutral")


def small(**options: Any) -> NrDferNet:
    torch.manual_seed(11)
    return at_random(NrDferNet(pixel_task(frames=FRAMES, size=SIZE), Options(width=0.125, **options))).eval()


def read(steps: Tensor, w: slow.Weights) -> Tensor:
    tokens = torch.stack([steps.mean(0), *steps]) + w["positions"][0, : len(steps) + 1]
    return slow.linear(slow.prenorm(tokens, w, "transformer", 4, 32)[0], w, "head")


def reference(clip: Tensor, w: slow.Weights, options: Options) -> Tensor:
    maps = []
    for frame in clip:
        x = slow.basic_block(slow.twin_stem(frame, w, "stem."), w, "blocks.1")
        maps.append(slow.basic_block(slow.basic_block(x, w, "blocks.2", 2), w, "blocks.3", 2))
    steps = torch.stack(slow.dynamic_static(maps, w, "fusion"))
    logits = read(steps, w)
    for start in range(0, len(steps) - 2, 2):
        snippet = read(steps[start : start + 3], w).softmax(0)
        if snippet[NEUTRAL] <= options.least_neutral and snippet.max() > options.most_certain:
            logits[NEUTRAL] = -1000
    return logits


@pytest.mark.parametrize(
    "options",
    [{}, {"least_neutral": 1.0, "most_certain": 0.0}, {"least_neutral": 0.2, "most_certain": 0.3}],
)
def test_logits_equal_a_slow_reference(options: dict[str, Any]) -> None:
    method = small(**options)
    clips = torch.rand(3, FRAMES, 3, SIZE, SIZE, dtype=torch.double)
    expected = torch.stack([reference(clip, method.state_dict(), method.own) for clip in clips])
    torch.testing.assert_close(method(clips).logits, expected)


def test_the_filter_looks_at_no_training_clip() -> None:
    method = small(least_neutral=1.0, most_certain=0.0)
    clips = torch.rand(2, FRAMES, 3, SIZE, SIZE, dtype=torch.double)
    assert (method(clips).logits[:, NEUTRAL] == -1000).all()
    assert (method.train()(clips).logits > -1000).all()


def test_without_neutral_among_the_classes_nothing_is_taken_back() -> None:
    task = pixel_task(classes=2, frames=FRAMES, size=SIZE)  # happiness, sadness
    method = NrDferNet(task, Options(width=0.125, least_neutral=1.0, most_certain=0.0)).eval()
    assert (method(torch.rand(1, FRAMES, 3, SIZE, SIZE)).logits > -1000).all()


@pytest.mark.parametrize(("length", "starts"), [(15, [0, 2, 4, 6, 8, 10, 12]), (7, [0, 2, 4]), (4, [0]), (3, [0])])
def test_snippets_are_three_steps_every_second(length: int, starts: list[int]) -> None:
    steps = torch.arange(length).view(1, -1, 1)
    assert snippets(steps)[0, :, :, 0].tolist() == [[s, s + 1, s + 2] for s in starts]


def test_a_clip_of_two_steps_is_one_snippet() -> None:
    assert snippets(torch.rand(1, 2, 5)).shape == (1, 1, 2, 5)


CASES = [  # probabilities of neutral, of the strongest other class, whether it is taken back
    (0.03, 0.76, True),
    (0.031, 0.76, False),
    (0.03, 0.75, False),
    (0.0, 0.9, True),
]


@pytest.mark.parametrize(("neutral", "strongest", "taken"), CASES)
def test_the_filters_bounds(neutral: float, strongest: float, taken: bool) -> None:
    """One snippet is enough; 'at most' and 'above' are as said."""
    calm = torch.tensor([0.0, 0.1, 0.9, 0.0], dtype=torch.double)
    sure = torch.tensor([strongest, 1 - strongest - neutral, neutral, 0.0], dtype=torch.double)
    logits = torch.ones(1, 4, dtype=torch.double)
    out = without_neutral(logits, torch.stack([calm, sure])[None], 2, 0.03, 0.75)
    assert out.tolist() == [[1, 1, -1000 if taken else 1, 1]]
    assert logits.min() == 1  # the argument is as it was


def test_counts() -> None:
    """The public file holds a class token and small attentions that nothing uses: 4,096 and 24 numbers."""
    trained = {name: prod(shape) for name, shape in listed("nr-dfernet").items() if "running_" not in name}
    total = sum(count for name, count in trained.items() if "num_batches" not in name)
    assert total == 18_723_807
    assert parameters_of("nr-dfernet") == total - 4_096 - 24
    assert parameters_of("nr-dfernet", 11) == total - 4_096 - 24 + 4 * 4_097
    assert macs_of("nr-dfernet") / 1e9 == pytest.approx(5.99, abs=5e-3)
    assert macs_of("nr-dfernet", snippet_filter=False) / 1e9 == pytest.approx(5.99 - 0.35, abs=5e-3)


def test_public_files_fit() -> None:
    assert_takes_public_file("nr-dfernet")


def test_the_demos_network_has_the_same_modules() -> None:
    assert_same_tree("nr-dfernet")

"""The bidirectional paradigm: what moves in which stage, what a stage starts from, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.core.errors import BadOption
from harness.core.recipe import Stage
from harness.cost.count import cost_of, parameters
from harness.training.optimizer import make_optimizer
from harness_plugins.methods.a3lign import Options
from harness_plugins.methods.a3lign.model import A3lign, shares
from helpers.towers import tiny_backbone, tiny_task

FRAMES, D, W, C = 3, 16, 32, 3
SMALL = {"sentences": 2, "tokens": 3}


def built(frames: int = FRAMES, **options: Any) -> A3lign:
    torch.manual_seed(3)
    return A3lign(tiny_task(frames=frames), Options(**{**SMALL, **options})).train()


def begin(method: A3lign, stage: Stage) -> torch.optim.Optimizer:
    if stage.before:
        stage.before()
    optimizer = make_optimizer(method, stage)
    for group in optimizer.param_groups:
        group["lr"] = 0.5
    return optimizer


def train(method: A3lign, stage: Stage, steps: int = 3) -> tuple[set[str], set[str]]:
    """Names of the parameters that moved and of those that got a gradient."""
    optimizer = begin(method, stage)
    before = {name: p.detach().clone() for name, p in method.named_parameters()}
    for _ in range(steps):
        optimizer.zero_grad()
        method.loss(method(torch.randn(6, FRAMES, D)), torch.arange(6) % C).backward()
        optimizer.step()
    now = dict(method.named_parameters())
    moved = {name for name, p in now.items() if not torch.equal(p, before[name])}
    return moved, {name for name, p in now.items() if p.grad is not None and name in moved}


def under(method: nn.Module, *prefixes: str) -> set[str]:
    return {name for name, _ in method.named_parameters() if name.startswith(prefixes)}


@contextmanager
def tower_calls() -> Iterator[list[tuple[int, int]]]:
    """Prompts and tokens of each run of the frozen text tower."""
    calls: list[tuple[int, int]] = []
    hook = tiny_backbone().text_tower.transformer.register_forward_pre_hook(
        lambda module, args: calls.append(tuple(args[0].shape[:2]))  # type: ignore[arg-type]
    )
    try:
        yield calls
    finally:
        hook.remove()


def test_what_moves_in_each_stage_and_nothing_else() -> None:
    method = built(text_steps=(2, 4))
    expected = {
        "text": ("mat.tokens", "text_encoder."),
        "video-2": ("video_encoder.",),
        "video-4": ("video_encoder.",),
        "text-4": ("text_encoder.",),
        "joint-2": ("mat.tokens", "synchronizer."),
        "joint-4": ("mat.tokens", "synchronizer."),
    }
    assert [stage.name for stage in method.stages()] == list(expected)
    for stage in method.stages():
        moved, with_gradient = train(method, stage)
        assert moved == with_gradient == under(method, *expected[stage.name]), stage.name


@pytest.mark.parametrize(
    ("options", "stage", "prefixes"),
    [
        ({"video_new_only": True}, "video-4", ("video_encoder.layers.2", "video_encoder.layers.3")),
        ({"synchronizer": "separate"}, "joint-4", ("mat.tokens", "text_encoder.", "video_encoder.")),
        ({"synchronizer": "shared-base"}, "joint-4", ("mat.tokens", "synchronizer.")),
        ({"paradigm": "all-at-once"}, "all-at-once", ("mat.tokens", "synchronizer.")),
        ({"text_steps": ()}, "text", ("mat.tokens",)),
        ({"temperature": "learned"}, "text", ("mat.tokens", "text_encoder.", "log_scale")),
    ],
)
def test_what_moves_under_other_readings(options: dict[str, Any], stage: str, prefixes: tuple[str, ...]) -> None:
    method = built(**options)
    for each in method.stages():
        moved, _ = train(method, each)
        if each.name == stage:
            assert moved == under(method, *prefixes)
            return
    pytest.fail(f"no stage {stage}")


def test_stage_2_never_runs_the_text_tower_and_stage_1_once_a_step() -> None:
    method = built()
    text, video, *_ = method.stages()
    with tower_calls() as calls:
        train(method, text, steps=4)
    assert calls == [(C * 2, 3 + 3)] * 4  # all C*S sentences, as far as they are read
    with tower_calls() as calls:
        train(method, video, steps=4)
    assert len(calls) == 1  # on the first call after the tokens moved


def test_a_stage_starts_from_what_the_one_before_had_learned() -> None:
    method = built(positions=False).eval()
    features = torch.randn(4, FRAMES, D)
    text, first, second, *_ = method.stages()
    begin(method, text)
    with torch.no_grad():
        method.text_encoder.layers[0].linear2.weight.normal_()  # type: ignore[union-attr]
        averaged = method(features)
        begin(method, first)
        torch.testing.assert_close(method(features), averaged)
        method.video_encoder.layers[1].linear2.weight.normal_()  # type: ignore[union-attr]
        grown = method(features)
        assert not torch.allclose(grown, averaged)
        begin(method, second)
        torch.testing.assert_close(method(features), grown)


def test_the_synchronizer_is_built_on_the_first_layers_of_the_video_encoder() -> None:
    method = built()
    *before, joint, grown = method.stages()
    for stage in before:
        train(method, stage, steps=1)
    video, text = method.video_encoder, method.text_encoder
    kept, positions = list(video.layers[:2]), (text.positions, video.positions)  # type: ignore[union-attr]
    begin(method, joint)
    assert method.video_encoder is method.text_encoder is None
    both = method.synchronizer
    assert both is not None
    assert list(both.video.layers) == list(both.text.layers) == kept
    assert (both.text.positions, both.video.positions) == positions
    begin(method, grown)
    assert len(both.video.layers) == 4
    assert both.text.layers is both.video.layers


def test_shared_base_shares_the_base_only() -> None:
    method = built(synchronizer="shared-base", joint_steps=(2, 3))
    method.grow_to_final()
    text, video = method.synchronizer.text.layers, method.synchronizer.video.layers  # type: ignore[union-attr]
    assert [a is b for a, b in zip(text, video, strict=True)] == [True, True, False]


def test_growing_again_gives_the_same_layers_whatever_was_drawn_meanwhile() -> None:
    first, again = built(), built()
    first.grow_to_final()
    torch.randn(7)
    again.grow_to_final()
    pairs = zip(first.named_parameters(), again.named_parameters(), strict=True)
    assert all(name == same and torch.equal(p, q) for (name, p), (same, q) in pairs)


def test_the_papers_budget() -> None:
    stages = built().stages()
    assert [(s.name, s.epochs) for s in stages] == [
        ("text", 40), ("video-2", 15), ("video-4", 15), ("joint-2", 15), ("joint-4", 15),
    ]  # fmt: skip
    assert {(s.optimizer, s.momentum, s.batch_size) for s in stages} == {("sgd", 0.9, 64)}
    assert [s.epochs for s in built(video_steps=(1, 2, 3, 4)).stages()][1:5] == shares(30, 4) == [7, 8, 7, 8]
    (whole,) = built(paradigm="all-at-once").stages()
    assert whole.epochs == 100


def layer_count(width: int) -> int:
    """Attention 4 D² + 4 D, feed-forward 8 D² + 5 D, two norms 4 D."""
    return 12 * width**2 + 13 * width


@pytest.mark.parametrize(("sentences", "tokens", "layers"), [(2, 3, 4), (5, 7, 3)])
def test_parameters_follow_the_formulae(sentences: int, tokens: int, layers: int) -> None:
    method = built(sentences=sentences, tokens=tokens, joint_steps=(2, layers))
    mat = C * sentences * tokens * W
    text = 2 * layer_count(D) + sentences * D
    assert parameters(method, tiny_backbone())["params_stored"] == mat + text
    method.grow_to_final()
    joint = layers * layer_count(D) + (sentences + FRAMES) * D
    found = parameters(method, tiny_backbone())
    assert found["params_stored"] == found["params_trainable"] == mat + joint


@pytest.mark.slow
def test_multiply_adds_follow_the_formulae() -> None:
    method = built()
    method.grow_to_final()
    per_token = 12 * D**2  # of a layer, beside attention's products
    clip = 4 * (FRAMES * per_token + 2 * FRAMES**2 * D) + C * D
    cost = cost_of(method, tiny_task(frames=FRAMES))
    frames = cost_of(built(text_steps=(), video_steps=(), joint_steps=()), tiny_task(frames=FRAMES))["gflops"]
    assert (cost["gflops"] - frames) * 1e9 == pytest.approx(clip - C * D, abs=1)
    assert cost["gflops_text"] > 0


@pytest.mark.parametrize("chunk", [1, 4, 5, 6, 100])
def test_recomputing_in_chunks_changes_nothing(chunk: int) -> None:
    def gradient(at_once: int) -> tuple[Tensor, Tensor]:
        method = built(sentences_at_once=at_once)
        begin(method, method.stages()[0])
        features = torch.randn(4, FRAMES, D, generator=torch.Generator().manual_seed(0))
        logits = method(features)
        method.loss(logits, torch.tensor([0, 1, 2, 0])).backward()
        return logits, method.mat.tokens.grad  # type: ignore[return-value]

    for ours, theirs in zip(gradient(chunk), gradient(0), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_bfloat16_stays_near_float32() -> None:
    """Cosines differ by less than 0.02: bfloat16 has 8 bits, and a handful of products are chained."""
    method = built().eval()
    method.grow_to_final()
    features = torch.randn(16, FRAMES, D)
    with torch.no_grad():
        exact = method(features) / method.scale
        method.text._features = None
        method.sentences._features = None
        with torch.autocast("cpu", torch.bfloat16):
            rough = method(features) / method.scale
    assert 0 < float((rough - exact).abs().max()) < 0.02


def test_without_positions_or_layers_the_order_of_frames_cannot_matter() -> None:
    features = torch.randn(4, FRAMES, D)
    for options, matters in (
        ({}, True),
        ({"positions": False}, False),
        ({"video_steps": (), "joint_steps": ()}, False),
    ):
        method = built(**options).eval()
        method.grow_to_final()
        with torch.no_grad():
            for name, parameter in method.named_parameters():
                if name.startswith(("video_encoder", "synchronizer")):
                    parameter += 0.5 * torch.randn_like(parameter)
            same = torch.allclose(method(features), method(features.flip(1)), atol=1e-4)
        assert same != matters


def test_test_frames_are_reordered_and_training_frames_are_not() -> None:
    features = torch.randn(5, 8, D)
    seen: list[Tensor] = []
    for order in ("normal", "reversed", "shuffled"):
        method = built(frames=8, frame_order=order)
        method.video_encoder.register_forward_pre_hook(lambda module, args: seen.append(args[0]))  # type: ignore[union-attr]
        method.train()(features)
        method.eval()(features)
        method(features)
    assert all(torch.equal(seen[i], features) for i in (0, 1, 3, 6))
    assert torch.equal(seen[4], features.flip(1))
    assert torch.equal(seen[7], seen[8])
    assert torch.equal(seen[7].sort(1).values, features.sort(1).values)
    assert not torch.equal(seen[7], features)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokens": 75}, "75 do not fit into this text tower; at most 74"),
        ({"video_steps": (4, 2)}, "video_steps: .* grow from step to step"),
        ({"joint_steps": (1,)}, "joint_steps: starts below base_layers=2"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        built(**options)


@pytest.mark.parametrize("init", ["normal", "vocabulary", "class-name"])
def test_all_sentences_differ_at_first(init: str) -> None:
    tokens = built(sentences=4, tokens=8, mat_init=init).mat.tokens.detach().flatten(0, 1).flatten(1)
    distances = torch.cdist(tokens, tokens) + torch.eye(len(tokens))
    assert float(distances.min()) > 1e-3
    if init == "normal":
        assert float(tokens.std()) == pytest.approx(0.02, rel=0.05)

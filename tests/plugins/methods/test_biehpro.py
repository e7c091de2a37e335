"""BiEhPro against slow references of its equations, its recipe, and what moves."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from torch import Tensor, nn

from harness.core.errors import BadOption
from harness.models.backbone import Backbone, Clip
from harness.models.method import Method
from harness.models.trainable import trained_names
from harness.training.optimizer import make_optimizer
from harness.training.schedule import learning_rate
from harness_plugins.methods.biehpro import BaselineOptions, Options
from harness_plugins.methods.biehpro.interfit import Interaction
from harness_plugins.methods.biehpro.model import BiEhPro, baseline
from harness_plugins.methods.biehpro.msta import MultiScale
from harness_plugins.methods.biehpro.prompts import Prompts
from helpers import slow_biehpro as slow
from helpers.towers import TEXT, VISION, tiny_backbone, tiny_task, tokenizer


@lru_cache
def backbone() -> Backbone:
    """Two layers: in the first, class tokens know nothing of their frames yet."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = open_clip.CLIP(16, {**VISION, "layers": 2}, TEXT, quick_gelu=True)
    return Clip(tiny_backbone("quick").source, model, tokenizer())


def shaken(module: nn.Module, by: float = 0.2) -> nn.Module:
    """In float64, with no parameter left at a special value."""
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += by * torch.randn_like(parameter)
    return module.double().eval()


def numbers(module: nn.Module) -> slow.State:
    return {name: p.detach().numpy() for name, p in module.named_parameters()}


def built(frames: int = 8, shake: bool = True, **options: Any) -> BiEhPro:
    torch.manual_seed(3)
    method = BiEhPro(tiny_task(frames=frames, backbone=backbone()), Options(**options))
    if shake:
        with torch.no_grad():
            for name in trained_names(method, method.stages()):
                method.get_parameter(name).add_(0.1 * torch.randn_like(method.get_parameter(name)))
    return method.eval()


def clips(count: int = 2, frames: int = 8) -> Tensor:
    return torch.randn(count, frames, 3, 32, 32, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("frames", [1, 8, 16])
@torch.no_grad()
def test_the_interaction_is_eq_2(frames: int) -> None:
    module = shaken(Interaction(12, 3, zero_start=False))
    classes = torch.randn(2, frames, 12, dtype=torch.float64)
    expected = np.array([slow.interaction(numbers(module), clip.numpy(), 3) for clip in classes])
    np.testing.assert_allclose(module(classes).numpy(), expected, atol=1e-10)


@torch.no_grad()
def test_a_layer_is_eq_3() -> None:
    block = shaken(built().visual.blocks[0])
    tokens, told = torch.randn(3, 5, 32, dtype=torch.float64), torch.randn(3, 32, dtype=torch.float64)
    expected = np.array(
        [slow.layer(numbers(block), x.numpy(), i.numpy(), 2) for x, i in zip(tokens, told, strict=True)]
    )
    np.testing.assert_allclose(block(tokens, told).numpy(), expected, atol=1e-10)


@pytest.mark.parametrize("along", ["time", "channel"])
@pytest.mark.parametrize("kernels", [(5, 5, 7), (3, 5, 7)])
@pytest.mark.parametrize("frames", [8, 16])
@torch.no_grad()
def test_the_scales_are_eq_4_to_8(frames: int, kernels: tuple[int, ...], along: str) -> None:
    module = shaken(MultiScale(frames, 6, kernels, (3, 3, 1), along=along, near_mean=True))
    features = torch.randn(3, frames, 6, dtype=torch.float64)
    expected = np.array([slow.msta(numbers(module), clip.numpy(), kernels, (3, 3, 1), along) for clip in features])
    np.testing.assert_allclose(module(features).numpy(), expected, atol=1e-10)


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("visual", [True, False])
@pytest.mark.parametrize("blocks", [1, 2, 5])
@torch.no_grad()
def test_the_prompts_are_eq_10_and_11(blocks: int, visual: bool, norm: bool) -> None:
    module = shaken(Prompts(128, blocks, visual=visual, shared=False, scalar=False, norm=norm), 0.05)
    text, video = torch.randn(3, 128, dtype=torch.float64), torch.randn(2, 128, dtype=torch.float64)
    found = [x.numpy() for x in module(text, video)]
    for i, clip in enumerate(video):
        expected = slow.enhanced(numbers(module), text.numpy(), clip.numpy(), blocks, 2, visual)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours[i], theirs, rtol=1e-7, atol=1e-8)


@torch.no_grad()
def test_the_whole_model_is_eq_1_to_12() -> None:
    method = built().double()
    method.text.prompts.tower.double()  # type: ignore[union-attr]
    try:
        inputs = clips().double()
        logits = method(inputs)
        text = method.text.prompts().numpy()  # type: ignore[union-attr]
        expected = [[100 * s for s in slow_similarities(method, clip, text)] for clip in inputs]
    finally:
        method.text.prompts.tower.float()  # type: ignore[union-attr]
    scale = method.scale / 100
    np.testing.assert_allclose(logits.numpy(), np.array(expected) * scale, atol=1e-6)
    labels = torch.tensor([2, 0])
    losses = [slow.loss(np.array(e) / 100, int(y), 1 / method.scale) for e, y in zip(expected, labels, strict=True)]
    assert float(method.loss(logits, labels)) == pytest.approx(np.mean(losses), abs=1e-6)


def slow_similarities(method: BiEhPro, clip: Tensor, text: np.ndarray) -> list[float]:
    tower, state = method.visual, numbers(method)
    tokens = tower.embed(clip).numpy()  # (T, L, W); Eq. 1 is CLIP's own
    for number in range(2):
        told = slow.interaction(slow.part(state, f"interfit.layers.{number}"), tokens[:, 0], 2)
        block = slow.part(state, f"visual.blocks.{number}")
        tokens = np.array([slow.layer(block, x, i, 2) for x, i in zip(tokens, told, strict=True)])
    features = slow.norm(slow.part(state, "visual.ln_post"), tokens[:, 0]) @ state["visual.proj.weight"].T
    video = slow.msta(slow.part(state, "msta"), features, (5, 5, 7), (3, 3, 1), "time")
    pairs = slow.enhanced(slow.part(state, "enhance"), text, video, 2, 1, visual=True)
    return [slow.cosine(v, k) for k, v in zip(*pairs, strict=True)]


@pytest.mark.parametrize("frames", [1, 2, 4, 8, 16])
@torch.no_grad()
def test_shapes(frames: int) -> None:
    method = built(frames, blocks=1)
    assert method.frame_features(clips(2, frames)).shape == (2, frames, 16)
    assert method.video(clips(2, frames)).shape == (2, 16)
    assert method(clips(2, frames)).shape == (2, 3)
    assert [len(s) for s in method.msta.scales(torch.randn(2, 16, frames))] == [2, 2, 2]  # type: ignore[union-attr]
    assert method.msta.scales(torch.randn(2, 16, frames)).shape == (3, 2, 16, max(frames // 3, 1))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("interfit", "msta", "moves"), [(False, False, False), (True, False, True), (False, True, True), (True, True, True)]
)
@torch.no_grad()
def test_the_order_of_the_frames_matters_to_its_parts(interfit: bool, msta: bool, moves: bool) -> None:
    method = built(interfit=interfit, msta=msta)
    order = torch.tensor([3, 1, 7, 0, 2, 6, 5, 4])
    difference = float((method(clips()) - method(clips()[:, order])).abs().max())
    assert difference > 1e-3 if moves else difference < 1e-4


@torch.no_grad()
def test_the_baseline_does_not_know_order() -> None:
    method = baseline(tiny_task(frames=8), BaselineOptions())
    torch.testing.assert_close(method(clips()), method(clips().flip(1)), atol=1e-4, rtol=0)
    assert [name for name, _ in method.named_children() if name != "encoder"] == ["visual", "text"]


@pytest.mark.parametrize("prompts", ["both", "text"])
@torch.no_grad()
def test_alpha_and_beta_of_zero_give_the_model_without_prompts(prompts: str) -> None:
    method, plain = built(prompts=prompts), built(biehpro=False)
    plain.load_state_dict({k: v for k, v in method.state_dict().items() if not k.startswith("enhance")})
    assert not torch.allclose(method(clips()), plain(clips()), atol=1e-3)
    method.enhance.alpha.zero_()  # type: ignore[union-attr]
    if method.enhance.beta is not None:  # type: ignore[union-attr]
        method.enhance.beta.zero_()  # type: ignore[union-attr]
    torch.testing.assert_close(method(clips()), plain(clips()), atol=1e-4, rtol=0)


@torch.no_grad()
def test_with_one_key_attention_is_a_linear_map_of_the_other_side() -> None:
    """A property of Eq. 10 as printed: the query does not matter."""
    direction = built().enhance.blocks[0].to_text  # type: ignore[union-attr]
    query, other = torch.randn(4, 1, 16), torch.randn(4, 1, 16)
    found = direction.attention(query, other, other)[0]
    torch.testing.assert_close(direction.attention(query.roll(1, 0), other, other)[0], found)


@torch.no_grad()
def test_a_shared_visual_prompt_is_one_for_all_classes() -> None:
    shared, each = built(shared_visual_prompt=True), built()
    for method, same in ((shared, True), (each, False)):
        _, video = method.enhance(torch.randn(3, 16), torch.randn(2, 16))  # type: ignore[misc]
        assert torch.equal(video[:, 0], video[:, 1]) == same


VARIANTS: list[dict[str, Any]] = [
    {}, {"interfit": False}, {"msta": False}, {"biehpro": False}, {"prompts": "text"}, {"classifier": "linear"},
    {"share_interfit": True}, {"zero_init_msg": True}, {"msta_fc": "channel"}, {"shared_visual_prompt": True},
    {"scalar_alpha_beta": True}, {"literal_no_ln": True}, {"checkpointing": True}, {"fc_v_init": "random"},
    {"interfit": False, "msta": False, "biehpro": False},
]  # fmt: skip


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_gradients_reach_what_is_trained_and_nothing_that_is_frozen(options: dict[str, Any]) -> None:
    method = built(shake=not options.get("zero_init_msg"), **options).train()
    (stage,) = method.stages()
    make_optimizer(method, stage)
    trained = trained_names(method, [stage])
    method.loss(method(clips(3)), torch.tensor([0, 1, 2])).backward()
    late = {"lstm", "merge", "norm", "in_proj_weight", "in_proj_bias"} if options.get("zero_init_msg") else set()
    for name, parameter in method.named_parameters():
        assert (name in trained) == parameter.requires_grad == (not name.startswith("text."))
        if name not in trained:
            assert parameter.grad is None
        elif not late.intersection(name.split(".")):
            assert parameter.grad is not None, name
            assert float(parameter.grad.abs().sum()) > 0, name


def test_frozen_parts_keep_no_activations() -> None:
    method = built().train()
    make_optimizer(method, method.stages()[0])
    calls: list[bool] = []
    tower = method.text.prompts.tower  # type: ignore[union-attr]
    hook = tower.register_forward_hook(lambda *given: calls.append(given[2].requires_grad))
    for _ in range(3):
        method(clips())
    hook.remove()
    assert calls == [False]


def test_one_step_moves_all_that_is_trained_and_nothing_else() -> None:
    method = built().train()
    (stage,) = method.stages()
    optimizer = make_optimizer(method, stage)
    before = {name: p.detach().clone() for name, p in method.named_parameters()}
    method.loss(method(clips(3)), torch.tensor([0, 1, 2])).backward()
    optimizer.step()
    moved = {name for name, p in method.named_parameters() if not torch.equal(p, before[name])}
    assert moved == set(trained_names(method, [stage]))
    assert {name.split(".")[0] for name in moved} == {"visual", "interfit", "msta", "enhance"}


@pytest.mark.parametrize("make", [lambda: built(), lambda: baseline(tiny_task(frames=8), BaselineOptions())])
def test_the_recipe_is_the_papers(make: Any) -> None:
    method: Method = make()
    (stage,) = method.stages()
    assert (stage.optimizer, stage.weight_decay, stage.decay_vectors) == ("adamw", 5e-4, False)
    assert (stage.epochs, stage.batch_size, stage.accumulate, set(stage.lr.values())) == (100, 32, 1, {2e-5})
    steps = 11
    warm, whole = 5 * steps, 100 * steps
    for s in range(whole):
        late = 2e-7 + 0.5 * (2e-5 - 2e-7) * (1 + cos(pi * (s - warm) / (whole - warm)))
        expected = 2e-5 * (s + 1) / warm if s < warm else late
        assert learning_rate(stage.schedule, 2e-5, s, steps, stage.epochs) == pytest.approx(expected, rel=1e-12)


def test_options_of_the_recipe_arrive() -> None:
    (stage,) = built(accumulate=4, new_lr_mult=10.0, epochs=3, clip_norm=1.0).stages()
    assert (stage.accumulate, stage.epochs, stage.clip_norm) == (4, 3, 1.0)
    assert (stage.lr["visual"], stage.lr["interfit"]) == (2e-5, pytest.approx(2e-4))


@torch.no_grad()
def test_it_starts_near_clip() -> None:
    """Aggregation starts as a mean over its steps; without interaction the frames are CLIP's own."""
    method, stock = built(shake=False, interfit=False), backbone().model.visual
    features = method.frame_features(clips())
    torch.testing.assert_close(features.flatten(0, 1), stock(clips().flatten(0, 1)), atol=1e-5, rtol=1e-4)
    same = torch.randn(2, 1, 16).expand(2, 8, 16)  # frames that are all alike stay so
    assert float(torch.cosine_similarity(method.msta(same), same[:, 0]).min()) > 0.99  # type: ignore[misc]
    for name in ("interfit", "enhance"):
        part = getattr(built(shake=False), name)
        stds = [float(p.std()) for p in part.parameters() if p.ndim > 1]
        assert stds == pytest.approx([0.02] * len(stds), rel=0.25)


def test_options_that_do_not_fit_are_errors() -> None:
    with pytest.raises(BadOption, match=r"biehpro\.prompt: 'a face' has no \{\}"):
        built(prompt="a face")
    with pytest.raises(BadOption, match="as many of one as of the other"):
        built(msta_kernels=(3, 5))
    with pytest.raises(BadOption, match="each at least 1"):
        built(msta_strides=(3, 0, 1))

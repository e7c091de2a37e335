"""IAL: its counts, its equations, its loss and its public files."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from harness_plugins.methods.ial import KEYS, Options
from harness_plugins.methods.ial.model import Ial, intensity_aware
from helpers import slow_networks as slow
from helpers.pixels import at_random, batch_of, macs_of, parameters_of, pixel_task
from helpers.public_files import assert_takes_public_file, listed
from helpers.trees import assert_same_tree

FRAMES, SIZE = 4, 32


def small(**options: Any) -> Ial:
    torch.manual_seed(9)
    return at_random(Ial(pixel_task(frames=FRAMES, size=SIZE), Options(width=0.25, **options))).eval()


def channel_block(maps: list[Tensor], w: slow.Weights, name: str) -> tuple[list[Tensor], Tensor]:
    """All frames of one clip, since the gate looks at the mean over them."""
    outs, seen, weights = [], [], []
    for x in maps:
        out = slow.batch_norm(slow.convolve(x, w, f"{name}.conv1", 2, 1), w, f"{name}.bn1").relu()
        out = slow.batch_norm(slow.convolve(out, w, f"{name}.conv2", 1, 1), w, f"{name}.bn2")
        number = (out * w[f"{name}.whole_map.weight"][:, 0]).sum((1, 2))
        hidden = (w[f"{name}.squeeze.weight"][:, :, 0, 0] @ number).relu()
        weights.append(2 * (w[f"{name}.excite.weight"][:, :, 0, 0] @ hidden).sigmoid())
        outs.append(out)
        seen.append(number)
    mean = sum(weights) / len(weights)
    gated = []
    for x, out, weight in zip(maps, outs, weights, strict=True):
        gate = (weight * mean + 1e-5) ** 0.5
        gated.append((out * gate[:, None, None] + slow.shortcut(x, w, name, 2)).relu())
    logits = w[f"{name}.auxiliary.1.weight"] @ (w[f"{name}.auxiliary.0.weight"] @ (sum(seen) / len(seen)))
    return gated, logits


def reference(clip: Tensor, w: slow.Weights) -> tuple[Tensor, Tensor, Tensor]:
    maps = [slow.basic_block(slow.twin_stem(frame, w, "stem."), w, "first") for frame in clip]
    maps, second = channel_block(maps, w, "layer2")
    maps, third = channel_block(maps, w, "layer3")
    steps = torch.stack(slow.dynamic_static(maps, w, "fusion"))
    steps = slow.prenorm(steps + w["positions"][0, : len(steps)], w, "transformer", 4, 32)
    return slow.linear(steps.mean(0), w, "head"), second, third


def test_logits_equal_a_slow_reference() -> None:
    method = small()
    clips = torch.rand(2, FRAMES, 3, SIZE, SIZE, dtype=torch.double)
    outputs = method(clips)
    expected = [reference(clip, method.state_dict()) for clip in clips]
    for name, values in zip(("", "second", "third"), zip(*expected, strict=True), strict=True):
        found = outputs.extras[name] if name else outputs.logits
        torch.testing.assert_close(found, torch.stack(values))


def test_counts() -> None:
    """The published count is that of the public file, of which 146,752 numbers are never used."""
    public = {name: prod(shape) for name, shape in listed("ial").items() if "running_" not in name}
    public = {name: count for name, count in public.items() if "num_batches" not in name}
    unused = sum(count for name, count in public.items() if KEYS.own_name(name) is None)
    assert (sum(public.values()), unused) == (19_083_527, 146_752)
    assert parameters_of("ial") == 19_083_527 - 146_752
    of_unused_head = 4 * 2 * 64  # grows with the classes, too
    assert parameters_of("ial", 11) == 19_103_499 - 146_752 - of_unused_head
    assert macs_of("ial") / 1e9 == pytest.approx(5.624, abs=1e-3)


def test_public_files_fit() -> None:
    assert_takes_public_file("ial")


def by_masking(logits: Tensor, labels: Tensor) -> Tensor:
    """As the public code has it: all classes but two are put far below."""
    losses = []
    for z, label in zip(logits, labels.tolist(), strict=True):
        order = [c for c in z.argsort(descending=True).tolist() if c != label]
        masked = torch.stack([v if c in (label, order[0]) else v - 9999 for c, v in enumerate(z)])
        losses.append(-(masked.exp()[label] / masked.exp().sum()).log())
    return sum(losses) / len(losses)  # type: ignore[return-value]


def test_the_loss_is_the_cross_entropy_of_two_classes() -> None:
    torch.manual_seed(10)
    logits, labels = torch.randn(9, 7, dtype=torch.double) * 3, torch.randint(7, (9,))
    torch.testing.assert_close(intensity_aware(logits, labels), by_masking(logits, labels))
    same = torch.full((5,), 2)
    torch.testing.assert_close(intensity_aware(logits[:5], same), by_masking(logits[:5], same))


def test_its_gradient_is_finite_where_logits_tie_and_where_they_are_far_apart() -> None:
    logits = torch.tensor([[1.0, 1.0, 1.0], [300.0, -300.0, 0.0]], requires_grad=True)
    loss = intensity_aware(logits, torch.tensor([0, 1]))
    loss.backward()
    assert loss.item() == pytest.approx((0.6931472 + 600) / 2)
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("weights", [(0.05, 0.0), (0.5, 0.25)])
def test_the_step_adds_its_parts(weights: tuple[float, float]) -> None:
    method = small(auxiliary_weights=weights)
    clips, labels = torch.rand(2, FRAMES, 3, SIZE, SIZE, dtype=torch.double), torch.tensor([3, 0])
    outputs = method(clips)
    expected = F.cross_entropy(outputs.logits, labels) + 0.1 * by_masking(outputs.logits, labels)
    for name, weight in zip(("second", "third"), weights, strict=True):
        expected = expected + weight * F.cross_entropy(outputs.extras[name], labels)
    torch.testing.assert_close(method.step(batch_of(clips, labels)), expected)


def test_a_gate_of_even_weights_is_the_weight() -> None:
    weights = torch.full((2, 3, 4), 0.7, dtype=torch.double)
    block = small().layer2
    torch.testing.assert_close(block.gate(weights), weights, atol=1e-5, rtol=1e-5)


def test_the_rate_halves_every_seven_epochs() -> None:
    (stage,) = Ial(pixel_task(frames=4, size=32), Options(width=0.125)).stages()
    assert stage.schedule.milestones[:3] == (7, 14, 21)
    assert stage.schedule.gamma == 0.5


def test_without_attention_there_is_none() -> None:
    method = small(attention=False)
    clips, labels = torch.rand(1, FRAMES, 3, SIZE, SIZE, dtype=torch.double), torch.tensor([3])
    assert not any("whole_map" in name or "auxiliary" in name for name, _ in method.named_parameters())
    assert method.step(batch_of(clips, labels)).isfinite()


def test_the_demos_network_has_the_same_modules() -> None:
    assert_same_tree("ial")


@pytest.mark.parametrize(
    ("weights", "idle"), [((0.05, 0.0), ["layer3"]), ((0.0, 0.0), ["layer2", "layer3"]), ((1, 1), [])]
)
def test_logits_that_no_loss_sees_are_not_trained(weights: tuple[float, float], idle: list[str]) -> None:
    method = small(auxiliary_weights=weights)
    (stage,) = method.stages()
    still = [
        name
        for name, _ in method.named_parameters()
        if not any(name == key or name.startswith(f"{key}.") for key in stage.lr)
    ]
    assert still == [f"{block}.auxiliary.{number}.weight" for block in idle for number in (0, 1)]

"""P3D: counts, the order of its blocks, equations, files."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness_plugins.methods.p3d import Options
from harness_plugins.methods.p3d.blocks import FlatBlock, PseudoBlock
from harness_plugins.methods.p3d.model import P3d, start
from helpers import slow_clips as slow
from helpers.pixels import at_random, batch_of, built, macs_of, parameters_of, pixel_task
from helpers.public_files import assert_takes_public_file
from helpers.slow_networks import Weights, linear
from helpers.trees import assert_same_tree

DEPTHS = {63: (3, 4, 6), 131: (3, 4, 23), 199: (3, 8, 36)}


@pytest.mark.parametrize(
    ("depth", "classes", "count"),
    [
        (63, 7, 24_939_975),
        (63, 11, 24_948_171),
        (199, 7, 65_686_983),
        (199, 11, 65_695_179),
    ],
)
def test_parameters(depth: int, classes: int, count: int) -> None:
    assert parameters_of("p3d", classes, depth=depth) == count


@pytest.mark.parametrize(
    ("depth", "size", "gmacs"),
    [
        (63, 112, 4.192),
        (63, 160, 8.441),
        (63, 224, 16.544),
        (199, 112, 9.073),
        (199, 160, 18.402),
        (199, 224, 36.069),
    ],
)
def test_multiply_adds(depth: int, size: int, gmacs: float) -> None:
    assert macs_of("p3d", depth=depth, **{"input.size": size}) / 1e9 == pytest.approx(gmacs, abs=6e-4)


@pytest.mark.parametrize(("depth", "counts"), DEPTHS.items())
def test_arrangements_take_turns_over_all_stages(depth: int, counts: tuple[int, ...]) -> None:
    with torch.device("meta"):
        method = built("p3d", depth=depth)
    found = "".join(part.arrangement for part in method.modules() if isinstance(part, PseudoBlock))
    assert found == ("ABC" * 20)[: sum(counts)]
    assert tuple(len(method.get_submodule(f"layer{number}")) for number in (1, 2, 3)) == counts  # type: ignore[arg-type]
    assert [type(part) for part in method.get_submodule("layer4").children()] == [FlatBlock] * 3


def test_shapes_of_the_stages() -> None:
    shapes: list[tuple[int, ...]] = []
    with torch.device("meta"):
        method = built("p3d")
        for part in ("pool", "layer1", "layer2", "layer3", "layer4"):
            method.get_submodule(part).register_forward_hook(lambda _, __, maps: shapes.append(tuple(maps.shape[1:])))
        method(torch.empty(1, 16, 3, 160, 160))
    assert shapes == [(64, 8, 40, 40), (256, 8, 40, 40), (512, 4, 20, 20), (1024, 2, 10, 10), (2048, 5, 5)]


def slow_block(x: Tensor, w: Weights, at: str, kind: str, stride: int) -> Tensor:
    """A block's description for a clip (D, T, H, W)."""
    steps = (1, stride, stride)
    out = slow.normed(x, w, f"{at}.conv1", f"{at}.bn1", steps).relu()
    if kind == "A":
        out = slow.normed(out, w, f"{at}.conv2", f"{at}.bn2").relu()
        out = slow.normed(out, w, f"{at}.conv3", f"{at}.bn3").relu()
    elif kind == "B":
        space = slow.normed(out, w, f"{at}.conv2", f"{at}.bn2").relu()
        out = space + slow.normed(out, w, f"{at}.conv3", f"{at}.bn3").relu()
    elif kind == "C":
        space = slow.normed(out, w, f"{at}.conv2", f"{at}.bn2").relu()
        out = space + slow.normed(space, w, f"{at}.conv3", f"{at}.bn3").relu()
    else:
        out = slow.normed(out, w, f"{at}.conv_normal", f"{at}.bn_normal").relu()
    out = slow.normed(out, w, f"{at}.conv4", f"{at}.bn4")
    if f"{at}.downsample.0.weight" in w:
        x = slow.normed(x, w, f"{at}.downsample.0", f"{at}.downsample.1", steps)
    return (out + x).relu()


def with_a_time(state: Weights) -> dict[str, Tensor]:
    """Kernels of maps as kernels of clips of one frame."""
    return {name: value.unsqueeze(2) if value.ndim == 4 else value for name, value in state.items()}


@torch.no_grad()
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("kind", ["A", "B", "C"])
def test_a_block_of_clips_equals_a_slow_reference(kind: str, first: bool) -> None:
    torch.manual_seed(0)
    stride = 2 if first else 1
    block = nn.ModuleDict({"b": PseudoBlock(12, 3, stride, first, kind)})
    at_random(block).eval()
    clip = torch.randn(12, 3, 5, 5, dtype=torch.double)
    expected = slow_block(clip, block.state_dict(), "b", kind, stride)
    torch.testing.assert_close(block["b"](clip[None])[0], expected)


@torch.no_grad()
@pytest.mark.parametrize("first", [True, False])
def test_a_block_of_maps_equals_a_slow_reference(first: bool) -> None:
    torch.manual_seed(0)
    stride = 2 if first else 1
    block = nn.ModuleDict({"b": FlatBlock(12, 3, stride, first)})
    at_random(block).eval()
    maps = torch.randn(12, 5, 5, dtype=torch.double)
    expected = slow_block(maps[:, None], with_a_time(block.state_dict()), "b", "2-D", stride)
    torch.testing.assert_close(block["b"](maps[None])[0], expected[:, 0])


def logits(clip: Tensor, w: Weights) -> Tensor:
    """The description of P3D-63 for 16 frames (T, 3, H, W)."""
    x = slow.normed(clip.transpose(0, 1), w, "conv1_custom", "bn1", (1, 2, 2)).relu()
    x = slow.pool(x, (2, 3, 3), (2, 2, 2), (0, 1, 1))
    kinds = iter("ABCABCABCABCA" + "222")
    for stage, count in enumerate((3, 4, 6, 3), start=1):
        for block in range(count):
            stride = 2 if stage > 1 and block == 0 else 1
            x = slow_block(x, w, f"layer{stage}.{block}", next(kinds), stride)
        if stage < 4:
            x = slow.pool(x, (2, 1, 1), (2, 1, 1))
    assert x.shape[1] == 1
    return linear(x[:, 0].mean((1, 2)), w, "fc")


@torch.no_grad()
def test_logits_equal_a_slow_reference() -> None:
    torch.manual_seed(0)
    method = at_random(P3d(pixel_task(), Options(width=0.125))).eval()
    clips = torch.rand(2, 16, 3, 20, 20, dtype=torch.double)
    state = with_a_time(method.state_dict())
    expected = torch.stack([logits(clip, state) for clip in clips])
    torch.testing.assert_close(method(clips).logits, expected)


@torch.no_grad()
def test_the_mean_over_space_is_the_5x5_pool_at_160_pixels() -> None:
    torch.manual_seed(0)
    method = P3d(pixel_task(size=160), Options(width=0.125)).eval()
    maps: list[Tensor] = []
    method.layer4.register_forward_hook(lambda _, __, out: maps.append(out))
    features = method(torch.rand(2, 16, 3, 160, 160)).extras["features"]
    torch.testing.assert_close(features, F.avg_pool2d(maps[0], 5, stride=1).flatten(1))


@torch.no_grad()
@pytest.mark.parametrize(("frames", "size"), [(2, 32), (8, 32), (17, 48), (31, 32), (32, 32), (16, 112), (16, 224)])
def test_a_clip_of_any_length_and_size_has_one_row(frames: int, size: int) -> None:
    method = P3d(pixel_task(), Options(width=0.125)).eval()
    outputs = method(torch.rand(2, frames, 3, size, size))
    assert outputs.logits.shape == (2, 7)
    assert outputs.logits.isfinite().all()


def test_weights_start_with_two_of_three_sizes_of_the_kernel() -> None:
    torch.manual_seed(0)
    space, time = nn.Conv3d(64, 64, (1, 3, 3)), nn.Conv3d(64, 64, (3, 1, 1))
    flat = nn.Conv2d(64, 32, 3)
    for part in (space, time, flat):
        start(part)
    assert space.weight.std().item() == pytest.approx((2 / (3 * 64)) ** 0.5, rel=0.05)
    assert time.weight.std().item() == pytest.approx((2 / (3 * 64)) ** 0.5, rel=0.05)
    assert flat.weight.std().item() == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.05)


def test_public_files_fit() -> None:
    assert_takes_public_file("p3d")


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_demo_trains_the_same_network(depth: int) -> None:
    assert_same_tree("p3d", depth=depth)


@pytest.mark.parametrize("labels", [[0, 1, 1, 2], [3, 3, 3, 3]])
@pytest.mark.parametrize("loss", ["cross-entropy", "ec-stfl"])
def test_gradients_are_finite(labels: list[int], loss: str) -> None:
    torch.manual_seed(0)
    method = built("p3d", width=0.125, loss=loss, dropout=0.0)
    clips = torch.rand(2, 16, 3, 32, 32)[[0, 1, 0, 1]]
    method.step(batch_of(clips, torch.tensor(labels))).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in method.parameters())

"""C3D, plain and with batch norms: counts, equations, files."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from harness import BadOption
from harness_plugins.methods.c3d import Options
from harness_plugins.methods.c3d.model import C3d
from helpers import slow_clips as slow
from helpers.pixels import at_random, built, macs_of, parameters_of, pixel_task
from helpers.public_files import assert_takes_public_file
from helpers.slow_networks import Weights, batch_norm, linear
from helpers.trees import assert_same_tree

NORMS = ("none", "bn")
POOLED = {"1": (1, 2, 2), "2": (2, 2, 2), "3b": (2, 2, 2), "4b": (2, 2, 2), "5b": (2, 2, 2)}


def logits(clip: Tensor, w: Weights) -> Tensor:
    """The network's description for frames (T, 3, H, W)."""
    x = clip.transpose(0, 1)
    for name in ("1", "2", "3a", "3b", "4a", "4b", "5a", "5b"):
        x = slow.convolve(x, w, f"conv{name}", padding=(1, 1, 1))
        if f"bn{name}.weight" in w:
            x = batch_norm(x, w, f"bn{name}")
        x = x.relu()
        if name in POOLED:
            x = slow.pool(x, POOLED[name], POOLED[name], (0, 1, 1) if name == "5b" else (0, 0, 0))
    x = x.flatten()
    for name in ("fc6", "fc7"):
        x = linear(x, w, name).relu()
    return linear(x, w, "fc8")


@torch.no_grad()
@pytest.mark.parametrize("norm", NORMS)
def test_logits_equal_a_slow_reference(norm: str) -> None:
    torch.manual_seed(0)
    method = at_random(C3d(pixel_task(frames=16, size=16), Options(width=0.01, norm=norm))).eval()  # type: ignore[arg-type]
    clips = torch.rand(1, 16, 3, 16, 16, dtype=torch.double)
    expected = torch.stack([logits(clip, method.state_dict()) for clip in clips])
    torch.testing.assert_close(method(clips).logits, expected)


@pytest.mark.parametrize(
    ("norm", "classes", "count"),
    [("none", 7, 78_024_455), ("none", 11, 78_040_843), ("bn", 7, 78_029_959), ("bn", 11, 78_046_347)],
)
def test_parameters(norm: str, classes: int, count: int) -> None:
    assert parameters_of("c3d", classes, norm=norm) == count


@pytest.mark.parametrize("norm", NORMS)
def test_multiply_adds(norm: str) -> None:
    assert macs_of("c3d", norm=norm) / 1e9 == pytest.approx(38.547, abs=5e-4)


@pytest.mark.parametrize(("norm", "file"), [("none", "c3d"), ("bn", "c3d-bn")])
def test_public_files_fit(norm: str, file: str) -> None:
    assert_takes_public_file("c3d", file, norm=norm)


@pytest.mark.parametrize("norm", NORMS)
def test_the_demo_trains_the_same_network(norm: str) -> None:
    assert_same_tree("c3d", norm=norm)


def test_the_authors_start_changes_linear_layers_alone() -> None:
    torch.manual_seed(0)
    usual = built("c3d", width=0.125, **{"input.size": 32})
    torch.manual_seed(0)
    theirs = built("c3d", width=0.125, start="dfew-repository", **{"input.size": 32})
    differing = {
        name
        for (name, one), other in zip(usual.state_dict().items(), theirs.state_dict().values(), strict=True)
        if not torch.equal(one, other)
    }
    assert differing == {"fc6.weight", "fc7.weight", "fc8.weight"}
    weight = theirs.get_parameter("fc7.weight")
    assert weight.std().item() == pytest.approx((2 / weight.shape[1]) ** 0.5, rel=0.05)


def test_gradients_are_clipped_where_it_is_asked_for() -> None:
    for norm in (0.0, 1.0):
        (stage,) = built("c3d", width=0.125, clip_norm=norm, **{"input.size": 32}).stages()
        assert stage.clip_norm == norm


@pytest.mark.parametrize("seen", [{"input.frames": 14}, {"input.size": 15}])
def test_a_clip_too_small_is_refused(seen: dict[str, int]) -> None:
    with pytest.raises(BadOption, match="c3d halves time four times and size five times"):
        built("c3d", width=0.125, **seen)

"""EST: its network against slow loops, the order of snippets, and the names of its public files."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.models import resnet18

from harness import BadOption
from harness_plugins.methods.est import EsflOptions, Options
from harness_plugins.methods.est.model import Est
from harness_plugins.methods.est.order import permutations, sinusoids
from helpers.pixels import at_random, batch_of, built, macs_of, parameters_of, pixel_task
from helpers.public_files import assert_takes_public_file
from helpers.slow_networks import batch_norm, linear, norm

HEADS = 4
SMALL = {"width": 0.0625}


def small(frames: int = 14, **options: Any) -> Est:
    """A small EST in float64, nothing of it at zero or one."""
    torch.manual_seed(3)
    task = pixel_task(frames=frames, size=32)
    return at_random(Est(task, Options(**{**SMALL, **options})))


def attention(query: Tensor, seen: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
    """Each token (L, D) looks at tokens (S, D), head by head."""
    width = query.shape[1]
    matrices = w[f"{name}.in_proj_weight"].split(width)
    biases = w[f"{name}.in_proj_bias"].split(width)
    q, k, v = (x @ m.T + b for x, m, b in zip((query, seen, seen), matrices, biases, strict=True))
    mixed = []
    for head in range(HEADS):
        own = slice(head * width // HEADS, (head + 1) * width // HEADS)
        scores = (q[:, own] @ k[:, own].T / (width // HEADS) ** 0.5).exp()
        mixed.append(scores / scores.sum(1, keepdim=True) @ v[:, own])
    return linear(torch.cat(mixed, 1), w, f"{name}.out_proj")


def feed(x: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
    return linear(linear(x, w, f"{name}.linear1").relu(), w, f"{name}.linear2")


def snippet(frames: Tensor, w: dict[str, Tensor]) -> Tensor:
    """One vector of the frames (S, D) of a snippet."""
    seen = norm(frames + attention(frames, frames, w, "snippets.attn"), w, "snippets.norm1")
    whole = seen.max(0).values
    weights = [max(float(o @ whole / (o.norm() * whole.norm())), 1e-8) for o in seen]
    return sum(weight * o for weight, o in zip(weights, seen, strict=True)) / sum(weights)  # type: ignore[return-value]


def transformed(tokens: Tensor, w: dict[str, Tensor]) -> Tensor:
    """The clip's vector (D,) of snippets with positions (7, D): post-norm layers, each side with a last norm."""
    for number in range(3):
        at = f"transformer.encoder.layers.{number}"
        tokens = norm(tokens + attention(tokens, tokens, w, f"{at}.self_attn"), w, f"{at}.norm1")
        tokens = norm(tokens + feed(tokens, w, at), w, f"{at}.norm2")
    tokens, query = norm(tokens, w, "transformer.encoder.norm"), w["query"]
    for number in range(3):
        at = f"transformer.decoder.layers.{number}"
        query = norm(query + attention(query, query, w, f"{at}.self_attn"), w, f"{at}.norm1")
        query = norm(query + attention(query, tokens, w, f"{at}.multihead_attn"), w, f"{at}.norm2")
        query = norm(query + feed(query, w, at), w, f"{at}.norm3")
    return norm(query, w, "transformer.decoder.norm")[0]


def slow(method: Est, clip: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of the class and of the order, of a clip (T, 3, H, W) whose snippets stand as a row of the table says."""
    w = dict(method.state_dict())
    frames = method.trunk(clip).mean((2, 3))
    vectors = torch.stack([snippet(part, w) for part in frames.chunk(7)])
    shuffled = torch.stack([vectors[place] for place in row.tolist()])
    places = torch.stack([w["positions"][place] for place in row.tolist()])
    clip_vector = transformed(shuffled + places, w)

    hidden = linear(linear(clip_vector, w, "head.0").relu(), w, "head.2").relu()
    x = linear(torch.cat([part + clip_vector for part in shuffled]), w, "order.0")
    x = batch_norm(x, w, "order.1").relu()
    x = batch_norm(linear(x, w, "order.3"), w, "order.4").relu()
    return linear(hidden, w, "head.5"), linear(x, w, "order.6")


@torch.no_grad()
def test_logits_and_losses_are_those_of_slow_loops() -> None:
    method = small().eval()
    clips = torch.rand(2, 14, 3, 32, 32, dtype=torch.float64)
    labels, rows = torch.tensor([2, 0]), torch.tensor([4, 7])
    table = permutations()
    expected = [slow(method, clip, table[row]) for clip, row in zip(clips, rows, strict=True)]
    logits = torch.stack([of_class for of_class, _ in expected])
    torch.testing.assert_close(method(clips).logits, logits)

    parts = [
        -of_class.log_softmax(0)[label] - 0.1428 * of_order.log_softmax(0)[row]
        for (of_class, of_order), label, row in zip(expected, labels, rows, strict=True)
    ]
    found = method.loss_of_rows(batch_of(clips, labels), method.vectors(clips), rows)
    torch.testing.assert_close(found, sum(parts) / 2)


@torch.no_grad()
def test_class_logits_do_not_depend_on_the_order_of_snippets_and_order_logits_do() -> None:
    method = small().eval()
    vectors = method.vectors(torch.rand(1, 14, 3, 32, 32, dtype=torch.float64))
    orders = []
    for row in permutations():
        places = row[None]
        outputs = method.classified(vectors[:, row], places)
        torch.testing.assert_close(outputs.logits, method.classified(vectors).logits)
        orders.append(method.ordered(vectors[:, row], outputs.extras["features"]))
    assert torch.cat(orders).std(0).min() > 1e-3
    moved = method.classified(vectors[:, permutations()[0]])  # and positions stay
    assert not torch.allclose(moved.logits, method.classified(vectors).logits, atol=1e-4)


def test_permutations_are_ten_different_ones() -> None:
    table = permutations()
    assert table.shape == (10, 7)
    assert all(sorted(row) == list(range(7)) for row in table.tolist())
    assert len({tuple(row) for row in table.tolist()}) == 10


def test_positions_are_sinusoids() -> None:
    table = sinusoids(7, 16)
    assert table[3, 4] == pytest.approx(torch.sin(torch.tensor(3 / 10000 ** (4 / 16))).item())
    assert table[3, 5] == pytest.approx(torch.cos(torch.tensor(3 / 10000 ** (4 / 16))).item())


def test_the_order_loss_reaches_the_trunk_through_the_clip_only() -> None:
    method = small().train()
    vectors = method.vectors(torch.rand(2, 14, 3, 32, 32, dtype=torch.float64)).detach().requires_grad_()
    order = method.ordered(vectors, torch.zeros(2, vectors.shape[-1], dtype=torch.float64))
    assert not torch.autograd.grad(order.sum(), vectors, allow_unused=True, materialize_grads=True)[0].any()


def test_equal_frames_have_finite_gradients() -> None:
    method = small().train()
    clips = torch.rand(2, 1, 3, 32, 32, dtype=torch.float64).expand(-1, 14, -1, -1, -1)
    method.step(batch_of(clips, torch.tensor([1, 1]))).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in method.parameters())


def test_without_the_order_loss_snippets_stay_in_their_order() -> None:
    method = small(order_weight=0.0, dropout=0.0, head_dropout=0.0).eval()
    clips, labels = torch.rand(2, 14, 3, 32, 32, dtype=torch.float64), torch.tensor([2, 0])
    expected = F.cross_entropy(method(clips).logits, labels)
    torch.testing.assert_close(method.step(batch_of(clips, labels)), expected)


@torch.no_grad()
def test_the_trunk_is_torchvisions() -> None:
    method, theirs = built("est"), resnet18().eval()
    theirs.fc = torch.nn.Identity()
    own = method.trunk.state_dict()
    theirs.load_state_dict(own)
    frames = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(method.eval().trunk(frames).mean((2, 3)), theirs(frames))


@pytest.mark.parametrize(("classes", "count"), [(7, 42_779_345), (11, 42_779_605)])
def test_parameters(classes: int, count: int) -> None:
    """The published counts hold the frozen positions, which are no parameter here."""
    assert parameters_of("est", classes) + 7 * 512 == count


def test_parameters_of_t_esfl_differ_by_the_head() -> None:
    narrow = sum(a * b + b for a, b in ((512, 128), (128, 64), (64, 11)))
    wide = sum(a * b + b for a, b in ((512, 256), (256, 256), (256, 11)))
    assert parameters_of("t-esfl", 11) - parameters_of("est", 11) == wide - narrow


def test_public_files_load() -> None:
    assert_takes_public_file("est")


def test_other_numbers_of_frames_are_refused() -> None:
    with pytest.raises(BadOption, match="7 snippets"):
        small(frames=16)


def test_recipes() -> None:
    task = pixel_task(frames=14, size=32)
    (stage,) = Est(task, Options(**SMALL)).stages()
    assert (stage.optimizer, stage.epochs, stage.batch_size, stage.drop_last) == ("adam", 160, 8, True)
    assert (stage.schedule.kind, stage.schedule.warmup, stage.schedule.warmup_epochs) == ("cosine", "factor", 10)
    (stage,) = Est(task, EsflOptions(**SMALL)).stages()
    assert (stage.schedule.kind, stage.schedule.gamma, stage.schedule.patience) == ("plateau", 0.2, 5)


def test_multiply_adds_and_those_of_the_order_head() -> None:
    order = 7 * 512 * 2048 + 2048 * 512 + 512 * 10
    assert macs_of("est") / 1e9 == pytest.approx(63.600, abs=5e-4)
    assert (macs_of("est") + order) / 1e9 == pytest.approx(63.608, abs=5e-4)


def test_the_small_network_has_the_parts_of_the_whole() -> None:
    with torch.device("meta"):
        whole, part = built("est"), built("est", width=0.25)
    assert [(n, type(m)) for n, m in whole.named_modules()] == [(n, type(m)) for n, m in part.named_modules()]

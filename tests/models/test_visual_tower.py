"""The trainable visual tower against open_clip's own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.core.errors import HarnessError
from harness.models.blocks import SelfAttention
from harness.models.visual_tower import VisualTower
from helpers.towers import tiny_backbone

FRAMES = torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", ["clip", "quick", "custom"])
def test_the_same_features_and_gradients(kind: str) -> None:
    stock = tiny_backbone(kind).model.visual
    tower = VisualTower(stock)
    torch.testing.assert_close(tower(FRAMES), stock(FRAMES), atol=1e-5, rtol=1e-5)
    own, theirs = FRAMES.clone().requires_grad_(), FRAMES.clone().requires_grad_()
    tower(own).square().sum().backward()
    stock(theirs).square().sum().backward()
    torch.testing.assert_close(own.grad, theirs.grad, atol=1e-4, rtol=1e-4)
    assert all(p.grad is not None for p in tower.parameters())
    assert not any(p.requires_grad for p in stock.parameters())


def test_another_size_has_resampled_positions() -> None:
    tower = VisualTower(tiny_backbone().model.visual)
    assert torch.equal(tower.positions(2, 2), tower.positional_embedding)
    with torch.no_grad():
        tower.positional_embedding[1:] = 3.0
    torch.testing.assert_close(tower.positions(3, 4)[1:], torch.full((12, 32), 3.0))
    assert torch.equal(tower.positions(3, 4)[0], tower.positional_embedding[0])
    assert tower(torch.randn(2, 3, 48, 64)).shape == (2, 16)


def test_training_the_copy_leaves_the_original() -> None:
    stock = tiny_backbone().model.visual
    before = {name: p.detach().clone() for name, p in stock.named_parameters()}
    tower = VisualTower(stock)
    with torch.no_grad():
        for parameter in tower.parameters():
            parameter += 1
    assert all(torch.equal(p, before[name]) for name, p in stock.named_parameters())
    assert sum(p.numel() for p in tower.parameters()) == sum(p.numel() for p in stock.parameters())


def test_a_further_token_is_seen_and_leaves_before_the_mlp() -> None:
    """As a token of the sequence would be, of whose own output nothing is kept."""
    tower = VisualTower(tiny_backbone().model.visual)
    block, stock = tower.blocks[0], tiny_backbone().model.visual.transformer.resblocks[0]
    x, token = torch.randn(2, 5, 32), torch.randn(2, 32)
    longer = torch.cat([x, token[:, None]], 1)
    attended = longer + stock.attention(stock.ln_1(longer))
    expected = attended[:, :5] + stock.mlp(stock.ln_2(attended[:, :5]))
    torch.testing.assert_close(block(x, token), expected, atol=1e-5, rtol=1e-5)
    seen: list[tuple[int, tuple[int, ...]]] = []
    tower(FRAMES, lambda layer, classes: seen.append((layer, tuple(classes.shape))) or classes)  # type: ignore[func-returns-value]
    assert seen == [(0, (6, 32))]


def test_attention_weights_are_those_it_mixes_by() -> None:
    stock = nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(3, 4, 8)
    expected = stock(x, x, x, need_weights=True)[1]
    torch.testing.assert_close(SelfAttention.of(stock).weights(x, 2), expected[:, :2])


def test_checkpointing_gives_the_same_gradients() -> None:
    stock = tiny_backbone().model.visual
    grads = []
    for checkpointing in (False, True):
        tower = VisualTower(stock, checkpointing=checkpointing)
        tower(FRAMES, lambda layer, classes: 2 * classes).sum().backward()
        grads.append([p.grad for p in tower.parameters()])
    torch.testing.assert_close(*grads)


def test_a_tower_of_another_kind_is_an_error() -> None:
    with pytest.raises(HarnessError, match="Linear cannot be trained here"):
        VisualTower(nn.Linear(2, 2))

"""The truncated text tower gives what the whole one gives, for less."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn

from harness.core.errors import HarnessError
from harness.cost.count import count
from harness.models import backbone as backbones
from harness.models import weights
from harness.models.text_tower import TextFeatures, TextTower
from harness.plugin import registry
from helpers.towers import all_positions, tiny_backbone, tiny_model, tokenizer

CAUSAL = [
    ("clip", "{}"),
    ("quick", "{}"),
    ("custom", "{}"),
    ("custom", '{"proj_bias": true}'),
    ("custom", '{"pool_type": "eos", "eos_id": 49407}'),
    ("custom", '{"pool_type": "last"}'),
    ("clip", '{"pool_type": "eos", "eos_id": 49407}'),
]
NOT_CAUSAL = [("custom", '{"no_causal_mask": true, "pool_type": "last"}'), ("custom", '{"embed_cls": true}')]
WRITTEN = ["fear.", "a photo of a face with an expression of happiness.", "", " ".join(["very"] * 75)]


@pytest.mark.parametrize(("kind", "text"), CAUSAL)
@pytest.mark.parametrize("prompts", [[p] for p in WRITTEN] + [WRITTEN])
def test_written_prompts_equal_open_clip(kind: str, text: str, prompts: list[str]) -> None:
    backbone = tiny_backbone(kind, text)
    with torch.no_grad():
        expected = backbone.model.encode_text(tokenizer()(prompts))
    torch.testing.assert_close(backbone.encode_text(prompts), expected, atol=1e-5, rtol=0)
    assert expected.abs().max() > 0.1


@pytest.mark.parametrize(("kind", "text"), [*CAUSAL, *NOT_CAUSAL])
@pytest.mark.parametrize("words", [76, 90, 500])
def test_a_prompt_that_does_not_fit_is_refused_not_cut(kind: str, text: str, words: int) -> None:
    backbone = tiny_backbone(kind, text)
    prompts = ["fear.", " ".join(["very"] * words)]
    message = rf"the prompt 'very very .*' has {words + 2} tokens, start and end included, and the text tower takes 7\d"
    for ask in (backbone.encode_text, backbone.tokenize, backbone.text_tower.tokenize):
        with pytest.raises(HarnessError, match=message):
            ask(prompts)


def test_what_else_a_tokenizer_has_is_there() -> None:
    backbone = tiny_backbone()
    assert backbone.tokenize.decoder is backbone._tokenize.decoder  # type: ignore[attr-defined]
    assert backbone.tokenize("fear").shape == (1, 77)  # type: ignore[arg-type]
    copied = copy.deepcopy(backbone.tokenize)
    assert torch.equal(copied(["fear!"]), backbone.tokenize(["fear!"]))


@pytest.mark.parametrize(("kind", "text"), CAUSAL)
def test_learned_embeddings_equal_all_77_positions(kind: str, text: str) -> None:
    backbone = tiny_backbone(kind, text)
    torch.manual_seed(0)
    embeddings, read_out = torch.randn(4, 77, 32), torch.tensor([5, 76, 1, 20])
    with torch.no_grad():
        found = backbone.text_tower(embeddings, read_out)
        torch.testing.assert_close(found, all_positions(backbone.model, embeddings, read_out), atol=1e-5, rtol=0)


def test_what_stands_after_the_read_out_changes_nothing() -> None:
    tower = tiny_backbone().text_tower
    embeddings, read_out = torch.randn(2, 12, 32), torch.tensor([6, 8])
    other = embeddings.clone()
    other[0, 7:] = torch.randn(5, 32)
    other[1, 9:] = torch.nan
    assert torch.equal(tower(embeddings, read_out), tower(other, read_out))
    other[0, 6] += 1.0
    assert not torch.equal(tower(embeddings, read_out)[0], tower(other, read_out)[0])


@pytest.mark.parametrize("lengths", [(5, 9), (20, 40), (40, 77)])
def test_cost_falls_with_the_length(lengths: tuple[int, int]) -> None:
    """Exactly: everything is linear in the tokens but attention, which is quadratic, and the projection."""
    tower = tiny_backbone().text_tower
    layers, width, joint = 3, 32, 16
    for length in lengths:
        macs = count(Encoding(tower, length), torch.randn(2, 77, width)).macs
        assert macs == 2 * (layers * (12 * length * width**2 + 2 * length**2 * width) + width * joint)


class Encoding(nn.Module):
    """The tower with a fixed read-out position, for the counter."""

    def __init__(self, tower: TextTower, length: int) -> None:
        super().__init__()
        self.tower = tower
        self.length = length

    def forward(self, embeddings: Tensor) -> Tensor:
        read_out = torch.full((len(embeddings),), self.length - 1)
        return self.tower(embeddings, read_out)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("kind", "text"), CAUSAL)
def test_transformer_sees_no_more_tokens_than_it_has_to(kind: str, text: str) -> None:
    tower = tiny_backbone(kind, text).text_tower
    seen: list[int] = []
    hook = tower.transformer.register_forward_pre_hook(lambda module, args: seen.append(args[0].shape[1]))
    tower.encode_text(["fear.", "a photo of fear."])
    hook.remove()
    assert seen == [77 if tower.pool == "last" else 7]


def test_read_out_is_the_end_token() -> None:
    ids = tokenizer()(WRITTEN)
    expected = [row.tolist().index(49407) for row in ids]
    assert expected[:3] == [3, 12, 1]
    assert expected[3] == 76  # cut by the tokenizer, which keeps the end token
    for kind, text in CAUSAL:
        tower = tiny_backbone(kind, text).text_tower
        assert tower.read_out(ids).tolist() == ([76] * 4 if "last" in text else expected)


def test_embeddings_shorter_than_the_read_out_are_an_error() -> None:
    with pytest.raises(ValueError, match="position 9 lies beyond the 9 tokens"):
        tiny_backbone().text_tower(torch.randn(1, 9, 32), torch.tensor([9]))


def test_widths_are_those_of_the_model() -> None:
    for kind, text in CAUSAL:
        tower = tiny_backbone(kind, text).text_tower
        assert (tower.width, tower.context_length, tower.output_width) == (32, 77, 16)
    assert tiny_backbone("custom", '{"proj_type": "none"}').text_tower.output_width == 32


@pytest.mark.parametrize(("kind", "text"), NOT_CAUSAL)
def test_towers_that_are_not_causal_encode_but_learn_no_prompts(kind: str, text: str) -> None:
    backbone = tiny_backbone(kind, text)
    with torch.no_grad():
        expected = backbone.model.encode_text(tokenizer()(WRITTEN))
    assert torch.equal(backbone.encode_text(WRITTEN), expected)
    assert backbone.width == 16
    attempts = [
        lambda: backbone.text_width,
        lambda: backbone.text_tower.context_length,
        lambda: backbone.text_tower.embed(tokenizer()(["fear"])),
    ]
    for attempt in attempts:
        with pytest.raises(HarnessError, match=r"not causal .* prompts cannot be learned"):
            attempt()


def test_gradients_reach_the_embeddings_and_nothing_frozen() -> None:
    backbone = tiny_backbone()
    embeddings = torch.randn(2, 10, 32, requires_grad=True)
    backbone.text_tower(embeddings, torch.tensor([4, 7])).square().sum().backward()
    assert embeddings.grad is not None
    reached = embeddings.grad.abs().sum(-1) > 0  # (P, L)
    assert reached.tolist() == [[True] * 5 + [False] * 5, [True] * 8 + [False] * 2]
    assert all(p.grad is None and not p.requires_grad for p in backbone.model.parameters())


def test_gradients_equal_those_of_all_77_positions() -> None:
    backbone, read_out = tiny_backbone(), torch.tensor([4, 7])
    short = torch.randn(2, 77, 32, requires_grad=True)
    long = short.detach().clone().requires_grad_()
    backbone.text_tower(short, read_out).pow(3).sum().backward()
    all_positions(backbone.model, long, read_out).pow(3).sum().backward()
    torch.testing.assert_close(short.grad, long.grad, atol=1e-4, rtol=1e-4)


def test_the_tower_stays_in_evaluation_mode() -> None:
    model = tiny_model()
    model.transformer.resblocks[0].ls_1 = nn.Dropout(0.5)  # would be noisy in training
    tower = TextTower(model.eval(), tokenizer())
    nn.Sequential(tower).train()
    assert not any(module.training for module in tower.transformer.modules())
    assert torch.equal(tower.encode_text(["fear"]), tower.encode_text(["fear"]))


@pytest.mark.slow
@torch.no_grad()
def test_vit_b_32() -> None:
    """At the size of the papers, written and learned."""
    backbone = backbones.load(weights.resolve("ViT-B-32:random", registry.backbones()))
    prompts = [prompt for prompt in WRITTEN if prompt]
    whole = backbone.model.encode_text(tokenizer()(prompts))
    torch.testing.assert_close(backbone.encode_text(prompts), whole, atol=1e-5, rtol=0)
    embeddings, read_out = 0.02 * torch.randn(3, 77, 512), torch.tensor([20, 3, 76])
    expected = all_positions(backbone.model, embeddings, read_out)
    torch.testing.assert_close(backbone.text_tower(embeddings, read_out), expected, atol=1e-5, rtol=0)


# --- TextFeatures


class Learned(nn.Module):
    """Prompts with a learned shift, through a real tower."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = tiny_backbone().text_tower
        self.shift = nn.Parameter(torch.zeros(1, 1, 32))
        self.runs = 0

    def forward(self) -> Tensor:
        self.runs += 1
        ids = tokenizer()(["fear.", "anger."])
        return self.tower(self.tower.embed(ids) + self.shift, self.tower.read_out(ids))  # type: ignore[no-any-return]


@contextmanager
def runs(prompts: Learned, expected: int) -> Iterator[None]:
    before = prompts.runs
    yield
    assert prompts.runs - before == expected


@pytest.fixture
def learned() -> Learned:
    return Learned()


def test_features_run_every_step_while_trained(learned: Learned) -> None:
    features = TextFeatures(learned).train()
    optimizer = torch.optim.SGD(learned.parameters(), lr=0.1)
    seen = []
    with runs(learned, 3):
        for _ in range(3):
            optimizer.zero_grad()
            seen.append(features())
            seen[-1].sum().backward()
            optimizer.step()
    assert not torch.equal(seen[0], seen[1])


@torch.no_grad()
def test_features_run_once_in_evaluation(learned: Learned) -> None:
    features = TextFeatures(learned).eval()
    with runs(learned, 1):
        assert all(torch.equal(features(), learned.tower.encode_text(["fear.", "anger."])) for _ in range(4))


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.add_(1.0),
        lambda p: p.copy_(torch.ones_like(p)),
        lambda p: p.set_(torch.ones_like(p)),
        lambda p: torch.nn.init.ones_(p),
    ],
)
@torch.no_grad()
def test_features_run_again_once_a_parameter_changed(learned: Learned, change) -> None:  # type: ignore[no-untyped-def]
    features = TextFeatures(learned).eval()
    before = features()
    change(learned.shift)
    with runs(learned, 1):
        after = features()
        assert torch.equal(after, features())
    assert not torch.allclose(before, after)


def test_features_run_once_for_a_stage_that_trains_nothing_behind_them(learned: Learned) -> None:
    features = TextFeatures(learned).train()
    learned.requires_grad_(False)
    head = nn.Linear(16, 1)
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    with runs(learned, 1):
        for _ in range(5):
            optimizer.zero_grad()
            head(features()).sum().backward()
            optimizer.step()
    assert not features().requires_grad


def test_features_survive_evaluation_training_evaluation(learned: Learned) -> None:
    features = TextFeatures(learned)
    optimizer = torch.optim.SGD([learned.shift], lr=0.1)
    for _ in range(3):
        features.eval()
        with torch.no_grad(), runs(learned, 1):
            shown = features()
            features()
        features.train()
        with runs(learned, 1):
            trained = features()
        assert torch.allclose(shown, trained)  # never those of before the step
        assert trained.requires_grad
        assert not shown.requires_grad
        optimizer.zero_grad()
        trained.square().sum().backward()
        optimizer.step()


def test_a_replaced_parameter_is_noticed(learned: Learned) -> None:
    features = TextFeatures(learned).eval()
    with torch.no_grad():
        before = features()
        learned.shift = nn.Parameter(torch.ones(1, 1, 32))
        assert not torch.equal(features(), before)

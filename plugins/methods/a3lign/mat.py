"""The multi-dimensional alignment token (MAT): sentences in which every token is learned."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from harness import BadOption
from harness.models import TextTower, encode_in_chunks, word_embeddings
from harness_plugins.methods.a3lign import Options

INIT_STD = 0.02  # CoOp's


class MultiDimensionalTokens(nn.Module):
    """Eq. 1 and 2 of the A3lign-DFER paper: tokens (C, S, N, W) through the frozen text tower to (C, S, D).

    The paper leaves 74 of CLIP's 77 positions to the tokens "accounting for the removal of SOS, EOS and the period", so
    a sentence is `[SOS] tokens . [EOS]`, read at its end as CLIP reads. Its Eq. 2 puts zeros after the tokens: layout
    `literal` does so before the period. With 74 tokens both are the same.
    """

    start: Tensor
    end: Tensor

    def __init__(
        self,
        tower: TextTower,
        classes: Sequence[str],
        options: Options,
    ) -> None:
        super().__init__()
        room = tower.context_length - 3  # beside SOS, period and EOS
        if options.tokens > room:
            raise BadOption(f"a3lign.tokens: {options.tokens} do not fit into this text tower; at most {room}")
        self.tower = tower
        self.chunk = options.sentences_at_once
        self.tokens = nn.Parameter(initial_tokens(tower, classes, options))  # (C, S, N, W)
        fill = room - options.tokens if options.mat_layout == "literal" else 0
        ids = tower.tokenize(["."])
        frame = tower.embed(ids[:, : int(tower.read_out(ids)[0]) + 1])[0].detach()  # (3, W): SOS, period, EOS
        self.register_buffer(
            "start",
            frame[:1].clone(),
            persistent=False,
        )  # (1, W)
        self.register_buffer(
            "end",
            torch.cat([frame.new_zeros(fill, tower.width), frame[1:]]),
            persistent=False,
        )

    def embeddings(self) -> Tensor:
        """Return the sentences as embeddings (C*S, L, W), without positions."""
        tokens = self.tokens.flatten(0, 1)  # (C*S, N, W)
        start, end = (part.expand(len(tokens), -1, -1) for part in (self.start, self.end))
        return torch.cat([start, tokens, end], dim=1)

    def forward(self) -> Tensor:
        """Return features (C, S, D) of the sentences, not normalised."""
        sentences = self.embeddings()
        read_out = torch.full((len(sentences),), sentences.shape[1] - 1)  # the end token
        features = encode_in_chunks(self.tower, sentences, read_out, self.chunk)  # (C*S, D)
        return features.reshape(*self.tokens.shape[:2], -1)


def initial_tokens(
    tower: TextTower,
    classes: Sequence[str],
    options: Options,
) -> Tensor:
    """Return tokens (C, S, N, W) to start from; no two sentences are equal."""
    shape = (len(classes), options.sentences, options.tokens)
    noise = torch.randn(*shape, tower.width) * INIT_STD
    if options.mat_init == "vocabulary":
        return tower.embed(torch.randint(tower.token_embedding.num_embeddings - 2, shape)).detach()  # no start, no end
    if options.mat_init == "class-name":
        words = [word_embeddings(tower, name) for name in classes]  # each (M, W)
        filled = torch.stack([word[torch.arange(options.tokens) % len(word)] for word in words])  # (C, N, W)
        return filled[:, None] + noise
    return noise

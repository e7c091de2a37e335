"""Encode prompts with CLIP's frozen text tower, only as far as the last token that is read.

With the causal mask, what stands after the read-out position cannot change it, so the tower runs on the tokens up
to the last read-out position of the batch instead of all 77: the same features at a fraction of the cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from harness.core.errors import HarnessError
from harness.models.blocks import Blocks, is_plain


class TextTower(nn.Module):
    """The frozen text tower of an open_clip model. Positions are explicit, since learned tokens have no ids."""

    def __init__(
        self,
        model: nn.Module,
        tokenize: Callable[[Sequence[str]], Tensor],
    ) -> None:
        super().__init__()
        text: Any = getattr(model, "text", model)  # CustomTextCLIP keeps its tower in `text`
        self.whole = model.encode_text
        self.tokenize = tokenize
        masked = getattr(text, "attn_mask", None) is not None
        self.causal = masked and getattr(text, "cls_emb", None) is None
        if not self.causal:
            self.text = text  # so that it moves and counts with the method; `whole` runs it
            return

        # The tower's own layers, rewritten where they are the usual ones.
        self.token_embedding: nn.Embedding = text.token_embedding
        plain = is_plain(text.transformer)
        self.transformer: nn.Module = Blocks(text.transformer) if plain else text.transformer
        self.ln_final: nn.Module = text.ln_final
        self.positions: Tensor = text.positional_embedding
        self.projection: Tensor | nn.Linear | None = text.text_projection

        # Where a prompt is read; open_clip keeps it at the model or at the tower.
        pool, eos_id = getattr(text, "pool_type", "argmax"), getattr(text, "eos_id", 0)
        self.pool = getattr(model, "text_pool_type", pool)
        self.eos_id: int = getattr(model, "text_eos_id", eos_id)
        self.register_buffer("mask", text.attn_mask, persistent=False)
        super().train(False)  # also the layers made here

    @property
    def width(self) -> int:
        """W, the width of a token."""
        self._require_causal()
        return int(self.positions.shape[1])

    @property
    def context_length(self) -> int:
        """The most tokens a prompt can have, start and end included."""
        self._require_causal()
        return int(self.positions.shape[0])

    @property
    def output_width(self) -> int:
        """D, the width of the joint space."""
        if not self.causal:
            return int(self.encode_text(["a"]).shape[1])
        if isinstance(self.projection, nn.Linear):
            return int(self.projection.out_features)
        return int(self.width if self.projection is None else self.projection.shape[1])

    def train(self, mode: bool = True) -> TextTower:
        """Stay in evaluation mode: the tower is frozen."""
        return self

    def embed(self, ids: Tensor) -> Tensor:
        """Map token ids (P, L) to embeddings (P, L, W), without positions."""
        self._require_causal()
        embedded: Tensor = self.token_embedding(ids.to(self.positions.device))
        return embedded

    def read_out(self, ids: Tensor) -> Tensor:
        """Return the position (P,) at which a tokenised prompt is read: its end token."""
        if self.pool == "last":
            return torch.full((len(ids),), ids.shape[1] - 1)
        if self.pool == "eos":
            return ids.eq(self.eos_id).int().argmax(-1).cpu()
        return ids.argmax(-1).cpu()  # OpenAI's vocabulary ends with the end token

    def forward(self, embeddings: Tensor, read_out: Tensor) -> Tensor:
        """Encode prompts given as embeddings.

        Args:
            embeddings: (P, L, W), L of at least the last read-out position + 1; positions are added here.
            read_out: (P,) position that each prompt is read at; kept on the CPU, so that no GPU waits for it.

        Returns:
            (P, D), not normalised.
        """
        length = int(read_out.max()) + 1
        if length > embeddings.shape[1]:
            raise ValueError(f"read-out position {length - 1} lies beyond the {embeddings.shape[1]} tokens given")
        x = embeddings[:, :length] + self.positions[:length]  # (P, L, W)
        x = self.transformer(x, attn_mask=self.mask[:length, :length])  # type: ignore[index]
        rows = torch.arange(len(x), device=x.device)
        x = self.ln_final(x[rows, read_out.to(x.device, non_blocking=True)])  # (P, W)
        if isinstance(self.projection, nn.Linear):
            x = self.projection(x)
        elif self.projection is not None:
            x = x @ self.projection
        features: Tensor = x  # (P, D)
        return features

    @torch.no_grad()
    def encode_text(self, prompts: Sequence[str]) -> Tensor:
        """Return features (P, D) of written prompts, not normalised."""
        ids = self.tokenize(list(prompts))
        device = next(self.parameters()).device
        if not self.causal:
            return self.whole(ids.to(device))  # type: ignore[operator, no-any-return]
        return self(self.embed(ids), self.read_out(ids))  # type: ignore[no-any-return]

    def _require_causal(self) -> None:
        if not self.causal:
            raise HarnessError(
                "this backbone's text tower is not causal or has no token embeddings: prompts cannot be learned in it"
            )


def encode_in_chunks(
    tower: TextTower,
    embeddings: Tensor,
    read_out: Tensor,
    chunk: int,
) -> Tensor:
    """Return features (P, D) of prompts (P, L, W), of at most `chunk` prompts at a time; 0 = all at once.

    With gradients, what the tower computes for a chunk is not kept but computed again on the way back, so that memory
    is bounded by a chunk for a third more work.
    """
    if not chunk or len(embeddings) <= chunk:
        return tower(embeddings, read_out)  # type: ignore[no-any-return]
    parts = zip(
        torch.split(embeddings, chunk),
        torch.split(read_out, chunk),
        strict=True,
    )
    if not torch.is_grad_enabled():
        return torch.cat([tower(*part) for part in parts])
    return torch.cat([checkpoint(tower, *part, use_reentrant=False, preserve_rng_state=False) for part in parts])


def word_embeddings(tower: TextTower, words: str) -> Tensor:
    """Return embeddings (M, W) of the tokens of some words, without start and end."""
    ids = tower.tokenize([words])
    end = int(tower.read_out(ids)[0])
    return tower.embed(ids)[0, 1:end].detach()


class TextFeatures(nn.Module):
    """Text features that are computed again only when a parameter behind them has changed.

    While they are being trained, every call runs the tower. In evaluation, and in a stage in which nothing behind them
    is trainable, the tower runs once.
    """

    def __init__(self, prompts: nn.Module) -> None:
        super().__init__()
        self.prompts = prompts  # its forward() gives the features
        self._versions: tuple[int, ...] = ()
        self._features: Tensor | None = None

    def forward(self) -> Tensor:
        """Return the features, computed again only if need be."""
        parameters = list(self.prompts.parameters())
        if torch.is_grad_enabled() and any(p.requires_grad for p in parameters):
            features: Tensor = self.prompts()
            return features
        versions = tuple(v for p in parameters for v in (id(p), p._version, p.data_ptr()))
        if self._features is None or versions != self._versions:
            with torch.no_grad():
                self._features, self._versions = self.prompts(), versions
        return self._features


def text_towers(module: nn.Module) -> list[str]:
    """Return names of the text towers in a module, none of them inside another."""
    names = [name for name, part in module.named_modules() if isinstance(part, TextTower)]
    return [name for name in names if not any(name.startswith(f"{other}.") for other in names)]

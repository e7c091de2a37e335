"""The two towers in training: how they start, and what they are asked to do."""

from __future__ import annotations

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from open_clip.model import CLIP
from torch import Tensor

MEAN = torch.tensor(open_clip.OPENAI_DATASET_MEAN).view(
    3,
    1,
    1,
)
STD = torch.tensor(open_clip.OPENAI_DATASET_STD).view(
    3,
    1,
    1,
)


def normalised(pixels: NDArray[np.uint8]) -> Tensor:
    """Return pictures (B, H, W, 3) as (B, 3, H, W), normalised as CLIP's are."""
    return (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - MEAN) / STD


@torch.no_grad()
def whiten(
    model: CLIP,
    pictures: Tensor,
    position: float,
) -> None:
    """Start the patch projection as the whitened principal components of `pictures` (B, 3, H, W).

    Raw patches differ mostly in brightness; whitened, the lines that make an expression weigh as much,
    and a few hundred steps are enough. `position` is the spread of the position embedding.
    """
    kernel = model.visual.conv1.weight  # (D, 3, P, P)
    patches = F.unfold(
        pictures,
        kernel.shape[-1],
        stride=kernel.shape[-1],
    ).mT.flatten(0, 1)  # (B * N, 3 * P * P)
    variance, direction = torch.linalg.eigh(torch.cov(patches.T))
    variance, direction = variance.flip(0)[: len(kernel)], direction.flip(1)[:, : len(kernel)]
    components = direction / (variance + 0.01 * variance.mean()).sqrt()
    kernel.copy_(components.T.reshape(kernel.shape))
    model.visual.positional_embedding.normal_(0, position)


def encode_text(model: CLIP, tokens: Tensor) -> Tensor:
    """Return sentence features (B, D); the tower runs on the tokens of the longest sentence only."""
    ends = tokens.argmax(1)
    length = int(ends.max()) + 1
    x = model.token_embedding(tokens[:, :length]) + model.positional_embedding[:length]  # (B, N, D)
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    features: Tensor = x[torch.arange(len(x)), ends] @ model.text_projection
    return features


def contrast(
    scale: Tensor,
    image: Tensor,
    text: Tensor,
    tokens: Tensor,
) -> Tensor:
    """Return the contrastive loss of features (B, D); equal captions count as matches, not as negatives."""
    logits = scale.exp() * F.normalize(image, dim=-1) @ F.normalize(text, dim=-1).T  # (B, B)
    same = (tokens[:, None] == tokens[None]).all(-1).float()
    target = same / same.sum(1, keepdim=True)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2

"""Snippets of a clip, and the filter that looks at them."""

from __future__ import annotations

from torch import Tensor

NEUTRAL = "neutral"
SNIPPET, SHIFT = 3, 2  # steps of a snippet, and from one to the next
TAKEN_BACK = -1000.0  # the logit of neutral, then


def snippets(steps: Tensor) -> Tensor:
    """Return windows of three steps (B, S, 3, D) of steps (B, L, D), every second; a shorter clip is one snippet."""
    if steps.shape[1] < SNIPPET:
        return steps[:, None]
    return steps.unfold(1, SNIPPET, SHIFT).transpose(2, 3)


def without_neutral(
    logits: Tensor,
    probabilities: Tensor,
    neutral: int,
    least: float,
    certain: float,
) -> Tensor:
    """Return logits (B, C), that of neutral taken back where a snippet is sure of something else.

    Args:
        logits: of clips.
        probabilities: (B, S, C) of their snippets.
        neutral: its label.
        least: a snippet speaks against neutral where its probability of it is at most this,
        certain: and where that of some class is above this.
    """
    against = (probabilities[..., neutral] <= least) & (probabilities.amax(-1) > certain)  # (B, S)
    out = logits.clone()
    out[against.any(1), neutral] = TAKEN_BACK
    return out

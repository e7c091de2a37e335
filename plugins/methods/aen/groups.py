"""Groups of emotions: positive, neutral, negative."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from harness.data import noun

GROUPS = 3
POSITIVE = ("happiness", "surprise")
NEUTRAL = ("neutral",)


def groups_of(classes: Sequence[str]) -> Tensor:
    """Return the group of each class, (C,): 0 positive, 1 neutral, 2 negative, and so whatever has another name."""
    return torch.tensor([group_of(name) for name in classes])


def group_of(name: str) -> int:
    """Return the group of a class by its name."""
    emotion = noun(name)
    if emotion in POSITIVE:
        return 0
    return 1 if emotion in NEUTRAL else 2

"""Seeds as hashes of what they are for, so that nothing depends on order, worker or process."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import torch


def seed_of(*parts: object) -> int:
    """Return a seed below 2**32 from the text of its parts."""
    text = "\0".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def seed_everything(seed: int) -> None:
    """Set the global generators, for code that uses them in spite of all."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)

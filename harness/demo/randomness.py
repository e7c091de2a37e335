"""Random numbers that depend on names alone, so that no order of calls can change a replica."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(*parts: object) -> np.random.Generator:
    """Return a generator seeded by the words of `parts` (SHA-256, so equal on every machine)."""
    digest = hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))

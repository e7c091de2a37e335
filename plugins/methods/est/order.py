"""What EST makes of the order of snippets: the permutations it asks for, and the positions that travel with them."""

from __future__ import annotations

import torch
from torch import Tensor

SNIPPETS = 7
PERMUTATIONS = (  # each says which snippet stands in which slot
    *("0432615", "5316402", "0435261", "5432106", "5124063"),
    *("0526413", "3150624", "2304165", "5041362", "0326451"),
)


def permutations() -> Tensor:
    """Return the fixed table (10, 7): for each slot the number of the snippet that stands in it."""
    return torch.tensor([[int(digit) for digit in row] for row in PERMUTATIONS])


def sinusoids(length: int, width: int) -> Tensor:
    """Return fixed positions (length, width): of pos / 10000^(2 (j // 2) / width) the sine in even columns j, and
    the cosine in odd ones.
    """
    column = torch.arange(width, dtype=torch.float64)
    place = torch.arange(length, dtype=torch.float64)[:, None]
    angle = place / 10000 ** (2 * (column // 2) / width)
    return torch.where(column % 2 == 0, angle.sin(), angle.cos()).float()

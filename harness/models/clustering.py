"""EC-STFL (Jiang et al., DFEW, ACM MM 2020): clips of a class near each other, those of different classes apart."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Form = Literal["paper", "repository"]
FORMS: dict[str, Form] = {"ec-stfl": "paper", "ec-stfl-repository": "repository"}  # by the option `loss`

SMALL = 1e-6  # of the public code; it keeps a division by nothing from the paper's form, too


def ec_stfl(
    features: Tensor,
    labels: Tensor,
    form: Form = "paper",
) -> Tensor:
    """Return the clustering loss of the features (B, D) of a whole batch with labels (B,), a scalar.

    It is 0 where all clips are of one class. Where two features coincide, their distance gives no gradient.

    Args:
        features: what the classifier sees.
        labels: of the clips.
        form: Eq. 9 of the paper, or the public code's, which is another loss.
    """
    same = labels[:, None] == labels  # (B, B)
    return _paper(features, same) if form == "paper" else _repository(features, same)


def _paper(features: Tensor, same: Tensor) -> Tensor:
    """Return Eq. 9: distances within classes over those between them, each clip weighted by the size of its class."""
    distances = _distances(features, p=2)  # (B, B)
    share = 1 / same.sum(1).to(distances)  # 1 / N_i
    within = (distances * same * share[:, None]).sum()
    between = (distances * ~same * share).sum()

    several = ~same.all()
    return several * within / torch.where(several, between, 1).clamp_min(SMALL)


def _repository(features: Tensor, same: Tensor) -> Tensor:
    """Return the mean over clips, over their number once more, of near times far.

    Near is a clip's mean distance to its class, far about the mean of 1 / distance to the others, both in L1.
    """
    distances = _distances(features, p=1)
    own, others = (mask.sum(1).to(distances) for mask in (same, ~same))  # N_i, M_i
    near = (distances * same).sum(1) / (own + SMALL)
    far = (~same / (distances + SMALL)).sum(1) / (others + 1 + SMALL)
    return (near * far).mean() / len(features)


def _distances(features: Tensor, p: int) -> Tensor:
    """Return all distances (B, B), of equal features exactly 0 and with a gradient of 0."""
    return torch.cdist(
        features,
        features,
        p=p,
        compute_mode="donot_use_mm_for_euclid_dist",
    )

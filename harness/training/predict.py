"""The one evaluation loop: logits of clips, in one view or in several."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from harness.core.errors import BadData
from harness.models.batch import logits_of
from harness.models.inputs import Inputs, views_of
from harness.models.method import Method, evaluation
from harness.system.shutdown import shutdown
from harness.training.order import split

TEST_BATCH = 64


def predict(
    method: Method,
    inputs: Inputs,
    device: torch.device,
    micro: int = 1,
) -> np.ndarray:
    """Predict logits (N, C) float32, in the order of `inputs.samples`.

    Where clips are tested in several views, the mean of the probabilities, as logarithms.

    Raises:
        BadData: there are no clips.
    """
    if not inputs.samples:
        raise BadData("no clip is left to score")
    batches = split(np.arange(len(inputs.samples)), max(1, TEST_BATCH // micro))
    with evaluation(method):
        views = [_predict_view(method, inputs, batches, view, device) for view in range(views_of(inputs))]
    return _averaged(views).cpu().numpy()


def _predict_view(
    method: Method,
    inputs: Inputs,
    batches: Sequence[Sequence[int]],
    view: int,
    device: torch.device,
) -> Tensor:
    logits = []
    for batch, _ in inputs.batches(batches, view, device):
        logits.append(logits_of(method(batch)).to(torch.float32, copy=True))  # a method may use its own tensor again
        shutdown.check()
    return torch.cat(logits)  # (N, C)


def _averaged(views: Sequence[Tensor]) -> Tensor:
    """Return the logits of one view as they are; of several the logarithms of the mean of their probabilities."""
    if len(views) == 1:
        return views[0]
    shares = torch.stack([logits.log_softmax(1) for logits in views])  # (V, N, C)
    return shares.logsumexp(0) - math.log(len(views))

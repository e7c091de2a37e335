"""The weights of a job, and whether they are all that its predictions need."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from harness.core.errors import HarnessError
from harness.core.text import first_line
from harness.jobs.check_logits import CHECKED, alike
from harness.jobs.phases import Loaded, Parts
from harness.jobs.rebuild import rebuild
from harness.models.method import own_state
from harness.training.predict import TEST_BATCH, predict


def weights_of(loaded: Loaded) -> dict[str, Tensor]:
    """Return the method's own parameters and buffers by name, on the CPU."""
    own = own_state(loaded.method, loaded.backbone)
    return {name: tensor.detach().cpu().contiguous() for name, tensor in own.items()}


def why_not_rebuilt(
    loaded: Loaded,
    parts: Parts,
    logits: np.ndarray,
    stored: dict[str, Tensor],
    micro: int,
    *,
    exact: bool = True,
) -> str:
    """Build the method again from its weights, and predict the first clips as they were predicted.

    Args:
        loaded: the job, with the method as it was tested.
        parts: the clips.
        logits: (N, C) of the test part.
        stored: its weights.
        micro: parts for each that a batch goes through in.
        exact: whether every bit has to come back, for which a whole batch is predicted; otherwise a few clips are.

    Returns:
        Why another model comes back; nothing where it is the one that was tested.
    """
    count = max(1, TEST_BATCH // micro) if exact else CHECKED
    try:
        method = rebuild(
            loaded.job,
            loaded.named.method.spec,
            loaded.task,
            stored,
            loaded.device,
        )
        again = predict(
            method,
            loaded.inputs.test(parts.test[:count]),
            loaded.device,
            micro,
        )
    except torch.OutOfMemoryError:
        return "two copies of the method do not fit into memory, so it cannot be checked"
    except HarnessError as error:
        return first_line(error)
    except Exception as error:  # of a plugin's method, in any way
        return f"{type(error).__name__}: {first_line(error)}"
    expected = logits[:count]
    same = np.array_equal(again, expected, equal_nan=True)
    if same or (not exact and alike(again, expected)):
        return ""
    return (
        "it predicts otherwise. What a prediction needs has to be a parameter or a persistent buffer, or to follow "
        "from the options"
    )

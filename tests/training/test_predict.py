"""The evaluation loop: logits that depend on nothing but clips and weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness.core.errors import BadData
from harness.training.predict import predict
from helpers.points import CPU, Net, Points


def test_nothing_to_score_is_said() -> None:
    with pytest.raises(BadData, match="no clip is left to score"):
        predict(Net(), Points(0), CPU)


def test_predictions_do_not_depend_on_the_mode_left_behind() -> None:
    method = Net()
    method.body = nn.Sequential(nn.Dropout(0.5), nn.Linear(5, 4))  # type: ignore[assignment]
    method.train()
    logits = predict(method, Points(150), CPU)
    assert logits.dtype == np.float32
    with torch.no_grad():
        expected = torch.cat([method.eval()(part) for part in Points(150).x.split(1)]).numpy()
    np.testing.assert_allclose(logits, expected, atol=1e-6)


class Turned(Net):
    """Multiplies a sequence that is turned around, for which torch chooses a kernel by what asks for gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(5, 64)
        self.head = nn.Linear(64, 3)
        self.asked: set[bool] = set()

    def forward(self, inputs: Tensor) -> Tensor:
        self.asked |= {p.requires_grad for p in self.parameters()}
        return self.head(torch.tanh(self.body(inputs.transpose(0, 1)))).mean(0)  # type: ignore[no-any-return]


@pytest.mark.parametrize("asks", [True, False])
def test_predictions_do_not_depend_on_what_asks_for_gradients(asks: bool) -> None:
    method = Turned()
    method.head.requires_grad_(asks)
    method.body.requires_grad_(not asks)
    marks = {name: p.requires_grad for name, p in method.named_parameters()}
    logits = predict(method, Points(), CPU)
    assert method.asked == {False}
    assert {name: p.requires_grad for name, p in method.named_parameters()} == marks
    assert np.array_equal(logits, predict(method.requires_grad_(False), Points(), CPU))

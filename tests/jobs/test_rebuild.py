"""What was stored of a method goes back into it, or is refused by name."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from harness import HarnessError, Method, Task
from harness.jobs.rebuild import put_back
from harness.models.method import own_state
from helpers.towers import tiny_task


@pytest.fixture(scope="module")
def task() -> Task:
    return tiny_task()


class Head(Method):
    def __init__(self, task: Task, width: int = 4) -> None:
        super().__init__()
        self.head = nn.Linear(width, len(task.classes))
        self.register_buffer("seen", torch.zeros(2))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(inputs.mean((1, 3, 4))[:, :1].expand(-1, 4))


def stored(method: Head, task: Task) -> dict[str, Tensor]:
    return {name: torch.rand(tensor.shape) for name, tensor in own_state(method, task.backbone).items()}


def test_stored_tensors_go_back_into_a_method(task: Task) -> None:
    method = Head(task)
    tensors = stored(method, task)
    put_back(method, task, tensors)
    assert all(torch.equal(tensors[name], tensor) for name, tensor in method.state_dict().items())


@pytest.mark.parametrize("name", ["head.bias", "seen"])
def test_a_missing_tensor_is_named(task: Task, name: str) -> None:
    method = Head(task)
    tensors = stored(method, task)
    del tensors[name]
    with pytest.raises(HarnessError, match=rf"does not fit the method as it is now \({name}\)"):
        put_back(method, task, tensors)


def test_a_tensor_too_many_is_named(task: Task) -> None:
    method = Head(task)
    tensors = {**stored(method, task), "tail.weight": torch.zeros(3)}
    with pytest.raises(HarnessError, match=r"does not fit the method as it is now \(tail\.weight\)"):
        put_back(method, task, tensors)


def test_other_shapes_are_refused_and_nothing_is_put_back(task: Task) -> None:
    method = Head(task)
    before = {name: tensor.clone() for name, tensor in method.state_dict().items()}
    with pytest.raises(HarnessError, match=r"does not fit the method as it is now \(shapes\)"):
        put_back(method, task, stored(Head(task, width=5), task))
    assert all(torch.equal(before[name], tensor) for name, tensor in method.state_dict().items())

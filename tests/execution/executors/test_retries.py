"""How often what was lost is tried again."""

from __future__ import annotations

import pytest
from ray.exceptions import OutOfMemoryError, WorkerCrashedError

from harness.execution.executors.retries import Retries


@pytest.mark.parametrize("most", [0, 2])
def test_a_lost_worker_costs_one_of_the_tries(most: int) -> None:
    tries = Retries(most)
    assert [tries.again("job", f"why {n}", WorkerCrashedError()) for n in range(3)] == [n < most for n in range(3)]
    assert tries.reasons("job") == tuple(f"why {n}" for n in range(most))
    assert not tries.alone


def test_a_job_that_ran_beside_a_memory_eater_is_tried_once_more_alone() -> None:
    tries = Retries(1)
    full = OutOfMemoryError("full")
    assert [tries.again("job", f"full {n}", full) for n in range(3)] == [True, True, False]
    assert tries.alone == {"job"}
    assert tries.reasons("job") == ("full 0", "full 1")
    assert tries.reasons("other") == ()

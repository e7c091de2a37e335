"""What happens during a run, as plain data that crosses process borders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Event = Mapping[str, Any]
# Kinds: fill, started, phase, step, epoch, log, finished. Those of a job carry its id as `job`.
Send = Callable[[Event], None]


def for_job(send: Send, job_id: str) -> Send:
    """A sender that stamps every event with the job it is of."""
    return lambda event: send({**event, "job": job_id})

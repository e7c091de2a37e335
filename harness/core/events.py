"""What happens during a run, as plain data that crosses process borders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Event = Mapping[str, Any]
# Kinds: filling and fill, of a shard of the feature cache; started, phase, step, epoch, log and finished, of a job,
# whose id they carry as `job`.
EventSink = Callable[[Event], None]

Say = Callable[[str], None]  # tells a person what is being done now


def say_nothing(text: str) -> None:
    """Tell nobody."""


def for_job(send: EventSink, job_id: str) -> EventSink:
    """Return a sender that stamps every event with the job it is of."""
    return lambda event: send({**event, "job": job_id})

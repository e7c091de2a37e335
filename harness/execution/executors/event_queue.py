"""How events of workers reach the driver: an actor that keeps them until they are fetched."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from harness.core.events import Event

STEP_SECONDS = 0.5


class EventQueue:
    """Queue of events, which runs as a Ray actor."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def put(self, event: Event) -> None:
        """Keep one event."""
        self.events.append(event)

    def flush(self) -> None:
        """Wait until everything that the same worker sent before has come: an actor keeps each caller's order."""

    def drain(self) -> list[Event]:
        """Return everything since the last call."""
        events, self.events = self.events, []
        return events


class Throttled:
    """Sender of every event; of steps at most two a second, as they are only for the progress display."""

    def __init__(self, send: Callable[[Event], Any]) -> None:
        self.send = send
        self.last = 0.0

    def __call__(self, event: Event) -> None:
        """Send the event, or drop it if it is a step and too soon."""
        if event["event"] == "step":
            if time.monotonic() - self.last < STEP_SECONDS:
                return
            self.last = time.monotonic()
        self.send(event)

"""What a failed job says."""

from __future__ import annotations

import traceback
from pathlib import Path

from harness.core.errors import HarnessError
from harness.system.timeout import JobTimeout


def reason_of(error: BaseException) -> str:
    """Say what a person needs to know: our own errors speak for themselves, others need their type and place."""
    if isinstance(error, HarnessError | JobTimeout):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"

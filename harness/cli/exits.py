"""Exit codes of the command line; `system.shutdown` has those of signals."""

from __future__ import annotations

EXIT_FAILED_JOBS = 1

EXIT_USER_ERROR = 2

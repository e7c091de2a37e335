"""Exit codes of the command line."""

from __future__ import annotations

EXIT_FAILED_JOBS = 1

EXIT_USER_ERROR = 2

EXIT_INTERRUPTED = 130

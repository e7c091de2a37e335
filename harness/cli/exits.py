"""Exit codes of the command line, and what it says when it is stopped; `system.shutdown` has the codes of signals."""

from __future__ import annotations

EXIT_FAILED_JOBS = 1

EXIT_USER_ERROR = 2

STOPPED = "stopped; finished results are kept, the same command goes on where it stopped"

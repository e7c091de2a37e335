"""A process of its own that reads the tables of strangers: with little memory and time, and nothing to lose."""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from harness.core.text import first_line
from harness.submission import limits
from harness.submission.limits import Refused
from harness.submission.tables import Cleaned, clean
from harness.system.pools import end_with_parent

CRASHES = 3  # of one bundle, after which no more of its tables are looked at
MINE = Path("/proc/self/statm")  # Linux; elsewhere only time is limited


class Quarantine:
    """The process, as a context. It starts when it is first asked, and a crash of it is the file's fault, not ours."""

    def __init__(self) -> None:
        self.crashes = 0

    def __enter__(self) -> Quarantine:
        spawn = multiprocessing.get_context("spawn")  # a fresh interpreter: no type of a plugin is registered in it
        self._pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_confine)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def clean(
        self,
        predictions: bytes,
        history: bytes | None,
        classes: Sequence[str],
    ) -> Cleaned:
        """Return the tables of a result, written anew. Raises: Refused."""
        if self.crashes >= CRASHES:
            raise Refused("its tables were not looked at, since those of other results stopped the process that reads")
        try:
            return self._pool.submit(clean, predictions, history, tuple(classes)).result()
        except Refused:
            raise
        except BrokenProcessPool as error:
            self.crashes += 1
            self.__enter__()
            raise Refused(
                f"its tables stopped the process that read them: it may use {limits.MEMORY // limits.MB:,} MB of memory"
                f" and {limits.SECONDS} s"
            ) from error
        except Exception as error:  # whatever a reader raises on bytes that were made to mislead it
            raise Refused(f"its tables cannot be read ({type(error).__name__}: {first_line(error)})") from error


def _confine() -> None:
    """Take from this process what it does not need, for good."""
    end_with_parent()
    resource.setrlimit(resource.RLIMIT_CPU, (limits.SECONDS, limits.SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if MINE.exists():
        pages = int(MINE.read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + limits.MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

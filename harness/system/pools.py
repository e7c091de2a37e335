"""Processes that work for this one, and that Ctrl-C, which reaches every process of a terminal, ends without a word."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess

OF_TERMINALS = {getattr(signal, name) for name in ("SIGINT", "SIGQUIT", "SIGHUP") if hasattr(signal, name)}


def pool_of(workers: int) -> ProcessPoolExecutor:
    """Return a pool. Spawned, so that threads of this process cannot hang them; work is handed over in `unheard`."""
    return ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        initializer=_die_quietly,
    )


@contextmanager
def unheard(numbers: Iterable[int] = OF_TERMINALS) -> Iterator[None]:
    """Start processes that hear no signal of the terminal before they are ready: as they import, they would say so.

    What this process is sent meanwhile waits for the end of the block.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def ended_with(pool: ProcessPoolExecutor) -> Iterator[None]:
    """End the processes of a pool at once where the block is left by a signal: what is in work may take minutes."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception):
            for process in active_children():
                process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def end_with_parent() -> None:
    """End this process, one of a pool, when the one that it works for is gone, killed, too.

    Else it would wait for work for ever: each process of a pool holds the other end of the pipe that it reads.
    """
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _die_quietly() -> None:
    end_with_parent()
    for number in OF_TERMINALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, OF_TERMINALS)

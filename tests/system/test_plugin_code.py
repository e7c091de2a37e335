"""What code of a plugin does to end the process is its failure; what a signal does is not."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import pytest

from harness.system.plugin_code import PluginEnded, contained
from harness.system.shutdown import Shutdown, ShutdownRequested, shutdown
from harness.system.timeout import JobTimeout

REAL = os._exit


def raises(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


@pytest.fixture
def as_command() -> object:
    with shutdown.listen_as_command():
        yield
    if shutdown._timer is not None:
        shutdown._timer.cancel()
    shutdown.requested = shutdown.interrupted = False


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: sys.exit(0), r"SystemExit\(0\)"),
        (lambda: sys.exit(), "by SystemExit$"),
        (lambda: os._exit(3), r"os._exit\(3\)"),
        (raises(GeneratorExit()), "GeneratorExit"),
        (raises(KeyboardInterrupt()), "KeyboardInterrupt"),
    ],
)
def test_an_end_is_a_failure(as_command: object, act: Callable[[], None], said: str) -> None:
    with pytest.raises(PluginEnded, match=said), contained():
        act()
    assert os._exit is REAL


@pytest.mark.parametrize("error", [ValueError("x"), MemoryError(), JobTimeout(), ShutdownRequested()])
def test_other_errors_pass(error: BaseException) -> None:
    with pytest.raises(type(error)), contained():
        raise error


def test_ctrl_c_is_no_failure_of_a_plugin(as_command: object) -> None:
    with pytest.raises(KeyboardInterrupt), contained():
        signal.raise_signal(signal.SIGINT)
    assert shutdown.exit_code == 130


def test_a_fork_of_a_plugin_may_end() -> None:
    with contained():
        child = os.fork()
        if not child:
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_second_signal_changes_nothing(as_command: object) -> None:
    with pytest.raises(ShutdownRequested):
        signal.raise_signal(signal.SIGHUP)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.raise_signal(number)
    assert shutdown.exit_code == 143


def test_what_a_starter_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Shutdown().listen_as_command():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)

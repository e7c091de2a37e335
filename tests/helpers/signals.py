"""Signals, for who runs tests in the background or under nohup and so ignores some, as would all that tests start."""

from __future__ import annotations

import signal

USUAL = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGHUP: signal.SIG_DFL,
    signal.SIGQUIT: signal.SIG_DFL,
    signal.SIGTERM: signal.SIG_DFL,
}


def usual_signals() -> None:
    """Let signals that are ignored do what they do in a terminal."""
    for number, usual in USUAL.items():
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual)

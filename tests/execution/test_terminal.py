"""A run at a real terminal: Ctrl-C, Ctrl-\\ and a window that is closed end it cleanly, and leave nothing behind."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.results.store import Store
from helpers.commands import TOY
from helpers.signals import usual_signals

BENCH = "bench --plugin {toy} --datasets toy --methods linear --folds 1 --backbone tiny --executor {executor}"
PATIENCE = 180  # seconds
COMMAND = [sys.executable, "-c", "from harness.cli import main; main()"]


class Terminal:
    """A command at a terminal of its own, which is its process's controlling one."""

    def __init__(self, args: list[str], folder: Path) -> None:
        self.keys, screen = pty.openpty()
        self.temporary = Path(tempfile.mkdtemp(prefix="t"))  # Ray's sockets take a short path only
        self.process = subprocess.Popen(
            [sys.executable, "-c", OPEN, os.ttyname(screen), *COMMAND, *args],
            cwd=folder,
            stdin=screen,
            stdout=screen,
            stderr=screen,
            start_new_session=True,
            env={**os.environ, "TMPDIR": str(self.temporary), "TERM": "xterm"},
            preexec_fn=usual_signals,
        )
        os.close(screen)
        self.shown = ""

    def read(self) -> bool:
        """Take what is shown next. Returns whether anything may follow."""
        ready, _, _ = select.select([self.keys], [], [], 1)
        try:
            self.shown += os.read(self.keys, 65_536).decode(errors="replace") if ready else ""
        except OSError:  # the other end is closed
            return False
        return True

    def wait_for_a_checkpoint(self, out: Path) -> None:
        """Let it train until something could be lost."""
        end = time.monotonic() + PATIENCE
        while not list(out.glob(".checkpoints/*.pt")):
            assert self.read(), self.shown
            assert time.monotonic() < end, self.shown

    def type(self, key: str) -> None:
        """Press a key, and read until the command has ended."""
        os.write(self.keys, key.encode())
        while self.process.poll() is None:
            self.read()
        while select.select([self.keys], [], [], 0.2)[0] and self.read():
            pass
        os.close(self.keys)

    def close(self) -> None:
        """Close the window, and wait until the command has ended."""
        os.close(self.keys)
        self.process.wait(PATIENCE)


# A terminal becomes that of a session when its leader opens it.
OPEN = "import os, sys; os.open(sys.argv[1], os.O_RDWR); os.execv(sys.argv[2], sys.argv[2:])"


@pytest.fixture(params=["inline", "ray"])
def terminal(request: pytest.FixtureRequest, tmp_path: Path, toy_root: Path) -> Iterator[Terminal]:
    args = BENCH.format(toy=TOY, executor=request.param).split()
    args += ["--set", "linear.epochs=400", "--data-root", str(toy_root), "--out", "out"]
    terminal = Terminal(args, tmp_path)
    try:
        terminal.wait_for_a_checkpoint(tmp_path / "out")
        yield terminal
    finally:
        terminal.process.kill()
        terminal.process.wait(PATIENCE)
        shutil.rmtree(terminal.temporary)


@pytest.mark.slow
@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x1c", 143)], ids=["Ctrl-C", "Ctrl-backslash"])
def test_a_key_stops_a_run_and_says_how_it_goes_on(terminal: Terminal, tmp_path: Path, key: str, code: int) -> None:
    terminal.type(key)
    assert terminal.process.returncode == code, terminal.shown
    assert "the same command goes on where it stopped" in " ".join(terminal.shown.split())
    assert "Traceback" not in terminal.shown
    assert_clean(terminal, tmp_path)


@pytest.mark.slow
def test_a_terminal_that_is_closed_stops_a_run(terminal: Terminal, tmp_path: Path) -> None:
    terminal.close()
    assert terminal.process.returncode == 128 + signal.SIGTERM
    assert_clean(terminal, tmp_path)


def assert_clean(terminal: Terminal, folder: Path) -> None:
    """The checkpoint is kept, no half result is there, and nothing lies among the temporary files."""
    assert [path.suffix for path in (folder / "out" / ".checkpoints").iterdir()] == [".pt"]
    assert list(Store(folder / "out").results()) == []
    assert [path.name for path in terminal.temporary.rglob("*")] == []

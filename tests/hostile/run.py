"""Runs entries of the table, each in a folder and a process of its own, and says what is wrong with the answers."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from helpers.signals import usual_signals
from hostile.entry import Hostile
from hostile.places import START, Places

SLOW = (  # modules that each fork would import by itself
    *("torch", "pandas", "polars", "pyarrow.parquet", "scipy.stats", "harness.api", "harness.cli.app"),
    *("harness.jobs.run_job", "harness.execution.worker", "harness.leaderboard.render", "harness.leaderboard.audit"),
    *("harness.leaderboard.site.publish", "harness.rescoring.rescore", "harness.submission.bundle"),
    *("harness.verification.verify", "harness.analysis.run_analysis"),
)
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload([*SLOW])
SECONDS = 20  # a command that takes longer hangs
TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Trial:
    """What came of one entry. `wrong` is empty, or one of traceback, hang, exit code, silence, aftermath."""

    kind: str
    name: str
    wrong: str
    code: int
    said: str
    seconds: float


def run(kind: str, entry: Hostile, places: Places, folder: Path, seconds: float = SECONDS) -> Trial:
    """Prepare the entry's input in a new folder, give the command, and hold the answer against the entry.

    A command that takes more than so many `seconds` hangs; on a busy machine they have to be more.
    """
    places.copy(entry.base, folder)
    entry.prepare(folder)
    own = {"HARNESS_CACHE": str(folder / "cache"), "RAY_AUTH_TOKEN_PATH": str(folder / "no token")}
    env = {**own, "COLUMNS": "200", "TERM": "dumb", **entry.env}
    started = time.monotonic()
    code, said = (_started if entry.own_process else _forked)(entry.command, folder, env, seconds)
    wrong = _wrong(entry, code, said) or (entry.after(folder) and f"aftermath: {entry.after(folder)}")
    return Trial(kind, entry.name, wrong, code, said, round(time.monotonic() - started, 2))


def _wrong(entry: Hostile, code: int, said: str) -> str:
    if code == -signal.SIGKILL:
        return "hang"
    if TRACEBACK in said:
        return "traceback"
    if code != entry.code:
        return f"exit code {code} in place of {entry.code}"
    return "" if re.search(entry.says, " ".join(said.split()), re.IGNORECASE) else "silence"


def _forked(command: tuple[str, ...], folder: Path, env: dict[str, str], seconds: float) -> tuple[int, str]:
    """Run the command line in a fork of a process that has imported what takes long, and runs no threads."""
    answer = folder.with_name(folder.name + ".out")
    child = SERVER.Process(target=become, args=(command, folder, {**os.environ, **env}, answer))
    child.start()
    child.join(seconds)
    if child.exitcode is None and child.pid is not None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.join()
    return int(child.exitcode or 0), answer.read_text(errors="replace") if answer.exists() else ""


def become(command: tuple[str, ...], folder: Path, env: dict[str, str], answer: Path) -> None:
    """Be the harness: run the command in the folder, with what it says going to `answer`."""
    code = 70
    try:
        os.setsid()
        target = os.open(answer, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(target, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdout, sys.stderr = (os.fdopen(stream, "w", 1, "utf-8", "replace", closefd=False) for stream in (1, 2))
        usual_signals()
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(env)
        sys.argv = ["harness", *command]
        from harness.cli import main

        main()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _started(command: tuple[str, ...], folder: Path, env: dict[str, str], seconds: float) -> tuple[int, str]:
    """Run the command line in a process of its own, whose console's coding is the entry's."""
    process = subprocess.Popen(
        [*START, *command], cwd=folder, env={**os.environ, **env}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=usual_signals,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        return -signal.SIGKILL, said.decode(errors="replace")
    return process.returncode, said.decode(errors="replace")

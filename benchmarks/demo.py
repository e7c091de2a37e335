"""`harness bench --demo` from nothing: seconds in all and until the first finished job, and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil


def memory_mb(process: psutil.Process) -> float:
    """Memory of a process and its children, shared pages counted once (PSS)."""
    total = 0
    for member in [process, *process.children(recursive=True)]:
        try:
            total += member.memory_full_info().pss
        except psutil.Error:
            continue  # it ended meanwhile
    return total / 1e6


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "HARNESS_CACHE": f"{folder}/cache"}
        started = time.perf_counter()
        command = [sys.executable, "-c", "from harness.cli import main; main()", "bench", "--demo", *sys.argv[1:]]
        process = subprocess.Popen(command, cwd=folder, env=env)
        watched = psutil.Process(process.pid)
        peak, first = 0.0, 0.0
        done = threading.Event()
        while process.poll() is None:
            peak = max(peak, memory_mb(watched))
            if not first and any(Path(folder, "runs").glob("*/*/*/result.json")):
                first = time.perf_counter() - started
            done.wait(0.5)
        seconds = time.perf_counter() - started
        results = len(list(Path(folder, "runs").glob("*/*/*/result.json")))
    print(f"exit {process.returncode}, {results} results in {seconds:.0f} s")
    print(f"first result after {first:.0f} s; peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()

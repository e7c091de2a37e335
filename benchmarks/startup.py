"""Median seconds of the commands that must answer at once."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = (["--help"], ["list"], ["list", "methods", "--options"])
RUNS = 9


def seconds(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "from harness.cli import main; main()", *arguments], check=True, capture_output=True
    )
    return time.perf_counter() - started


def main() -> None:
    for arguments in COMMANDS:
        seconds(arguments)  # once to warm the disk
        times = [seconds(arguments) for _ in range(RUNS)]
        print(f"harness {' '.join(arguments)}: median {statistics.median(times):.2f} s, worst {max(times):.2f} s")


if __name__ == "__main__":
    main()

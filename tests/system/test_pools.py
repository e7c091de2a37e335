"""Processes of a pool end with the one that they work for, however it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

MAIN = """
import json, os, time

from harness.system.pools import pool_of, unheard
from harness.submission.quarantine import Quarantine

if __name__ == "__main__":
    with unheard():
        pool = pool_of(2)
        pids = {future.result() for future in [pool.submit(os.getpid) for _ in range(2)]}
        pids |= set(pool._processes)
    with Quarantine() as quarantine:
        pids.add(quarantine._pool.submit(os.getpid).result())
        print(json.dumps(sorted(pids)), flush=True)
        time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_of_a_pool_outlives_its_parent(number: int, tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text(MAIN)
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = [psutil.Process(pid) for pid in json.loads(parent.stdout.readline())]
    parent.send_signal(number)
    parent.wait(30)
    parent.stdout.close()
    assert len(workers) >= 2
    assert psutil.wait_procs(workers, 30)[1] == []

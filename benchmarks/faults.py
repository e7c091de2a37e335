"""Kill -9 the driver, or workers, at moments drawn uniformly over an unbroken run, then compare with it bit for bit.

    python benchmarks/faults.py --of driver --kills 30 --executor inline
    python benchmarks/faults.py --of worker --kills 30

After a kill of the driver the same command is given again; after one of a worker the driver goes on by itself. Each
trial starts from an empty store and an empty feature cache, so that kills also hit while the cache is being filled.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
from toy_bench import Place, end, same

WORKERS = ("ray::run_task", "ray::fill_task", "ray::IDLE")


def main() -> None:
    options = parse()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        place = Place(Path(folder))
        seconds = place.finish("whole", options.executor)
        whole = place.predictions("whole")
        print(json.dumps({"unbroken_seconds": round(seconds, 2), "jobs": len(whole)}), flush=True)
        good = 0
        for number in range(options.kills):
            entry = trial(place, f"trial {number}", options, random.uniform(0, seconds))
            found = place.predictions(f"trial {number}")
            entry |= {"same_bits": same(whole, found), "left_behind": place.left_behind(f"trial {number}")}
            good += entry["same_bits"] and not entry["left_behind"]
            print(json.dumps({"kill": number + 1, **entry}), flush=True)
    print(json.dumps({"of": options.of, "executor": options.executor, "kills": options.kills, "good": good}))
    raise SystemExit(good != options.kills)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", choices=["driver", "worker"], default="driver")
    parser.add_argument("--executor", choices=["ray", "inline"], default="ray")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def trial(place: Place, name: str, options: argparse.Namespace, moment: float) -> dict[str, object]:
    """One kill. Returns when and what was hit, and how far the run was."""
    process = place.start(name, options.executor)
    time.sleep(moment)
    entry: dict[str, object] = {"at": round(moment, 2), "done_by_then": len(list(place.store(name).glob("*/*/*")))}
    entry["shards_by_then"] = len(list(place.cache(name).rglob("*.npy")))
    if options.of == "worker":
        entry["hit"] = kill_worker(process)
        end(process)
        place.finish(name, options.executor)  # a later run, which cleans up
        return entry
    entry["hit"] = "driver" if process.poll() is None else "nothing, it was over"
    kill_driver(process)
    place.finish(name, options.executor)
    return entry


def kill_driver(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()  # Ray's own processes end when they see that the driver is gone


def kill_worker(process: subprocess.Popen[str]) -> str:
    """Kill one of the driver's workers, drawn at random. Returns what it was."""
    workers = []
    for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []:
        try:
            title = " ".join(child.cmdline())
        except psutil.Error:
            continue
        if title.startswith(WORKERS):
            workers.append((child, title))
    if not workers:
        return "nothing, there was no worker"
    child, title = random.choice(workers)
    try:
        child.kill()
    except psutil.Error:
        return "nothing, it was just ending"
    return title.strip()


if __name__ == "__main__":
    main()

"""Kill -9 the driver, or workers, at moments drawn uniformly over an unbroken run, then compare with it bit for bit.

    python benchmarks/kills.py --of driver --kills 30 --executor inline
    python benchmarks/kills.py --of worker --kills 30
    python benchmarks/kills.py --of prepare --kills 10      (filling, rescoring, publishing)

Only kills that hit something count; trials go on until there are as many as asked for. After a kill of the driver the
same command is given again; after one of a worker the driver goes on by itself, and with `--in-one-run 10` it loses ten
workers on its way. Each trial starts from an empty store and an empty feature cache, so
that kills also hit while the cache is being filled. The last four kill a command of one process, and hold the files
that the same command then leaves against those of an unbroken one.
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
from collections.abc import Sequence
from pathlib import Path

import psutil
from killed_commands import COMMANDS, Trials
from toy_bench import DatasetPlace, end, same

NOTHING = "nothing"  # begins what a kill says that came too late
MOST_TRIALS = 3  # for each kill that is asked for
WORKERS = ("ray::run_task", "ray::fill_task", "ray::IDLE", "ray::Mailbox")


def main() -> None:
    options = parse()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        if options.of in COMMANDS:
            raise SystemExit(kill_commands(options, Trials(options.of, Path(folder))))
        place = DatasetPlace(Path(folder))
        seconds = place.finish("whole", options.executor)
        whole = place.predictions("whole")
        print(json.dumps({"unbroken_seconds": round(seconds, 2), "jobs": len(whole)}), flush=True)
        good = hits = 0
        for number in range(MOST_TRIALS * options.kills):
            count = min(options.in_one_run, options.kills - hits)
            if not count:
                break
            kills = trial(place, f"trial {number}", options, sorted(random.uniform(0, seconds) for _ in range(count)))
            found = place.predictions(f"trial {number}")
            left = place.left_behind(f"trial {number}")
            if left:  # by the last run's own workers, it may be; what counts is whether a later run cleans up
                place.finish(f"trial {number}", options.executor)
            after = {"same_bits": same(whole, found), "left": left, "uncleaned": place.left_behind(f"trial {number}")}
            hit = sum(not str(kill["hit"]).startswith(NOTHING) for kill in kills)
            hits += hit
            good += hit * (after["same_bits"] and not after["uncleaned"])
            for kill in kills:
                print(json.dumps({**kill, **after}), flush=True)
    print(json.dumps({"of": options.of, "executor": options.executor, "kills": hits, "good": good}))
    raise SystemExit(good != options.kills)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", choices=["driver", "worker", *COMMANDS], default="driver")
    parser.add_argument("--executor", choices=["ray", "inline"], default="ray")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--in-one-run", type=int, default=1, help="so many kills of workers a run")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.of != "worker" and options.in_one_run > 1:
        parser.error("a run has one driver")
    return options


def trial(
    place: DatasetPlace, name: str, options: argparse.Namespace, moments: Sequence[float]
) -> list[dict[str, object]]:
    """Kills at these seconds of one run. Returns when and what was hit, and how far the run was."""
    retries = 2 + len(moments)  # one job may be hit each time
    process = place.start(name, options.executor, "--max-retries", str(retries))
    kills: list[dict[str, object]] = []
    started = time.monotonic()
    for moment in moments:
        time.sleep(max(0.0, moment - (time.monotonic() - started)))
        entry: dict[str, object] = {"at": round(moment, 2), "done_by_then": len(list(place.store(name).glob("*/*/*")))}
        entry["shards_by_then"] = len(list(place.cache(name).rglob("*.npy")))
        entry["hit"] = kill_worker(process) if options.of == "worker" else kill_driver(process)
        kills.append(entry)
    if options.of == "worker":
        end(process)
    place.finish(name, options.executor)  # what goes on after the driver's death; else a later run, which cleans up
    return kills


def kill_commands(options: argparse.Namespace, trials: Trials) -> int:
    """Kill a command at random moments, each time in another folder. Returns 1 if a trial was not as it should be."""
    seconds = trials.finish("whole")
    whole, usual, good = trials.found("whole"), {*trials.left_behind("whole")}, 0
    hits = 0
    print(json.dumps({"unbroken_seconds": round(seconds, 2), "files": len(whole)}), flush=True)
    for number in range(MOST_TRIALS * options.kills):
        if hits == options.kills:
            break
        moment, trial = random.uniform(0, seconds), f"trial {number}"
        process = trials.start(trial)
        time.sleep(moment)
        entry: dict[str, object] = {"at": round(moment, 2), "files_by_then": len(trials.found(trial))}
        entry["hit"] = kill_driver(process)
        trials.finish(trial)
        after = {
            "same_bits": trials.found(trial) == whole and bool(whole),
            "uncleaned": sorted({*trials.left_behind(trial)} - usual),
        }
        hit = not str(entry["hit"]).startswith(NOTHING)
        hits += hit
        good += hit and after["same_bits"] and not after["uncleaned"]
        print(json.dumps({**entry, **after}), flush=True)
    print(json.dumps({"of": options.of, "kills": hits, "good": good}))
    return int(good != options.kills)


def kill_driver(process: subprocess.Popen[str]) -> str:
    hit = "driver" if process.poll() is None else "nothing, it was over"
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()  # Ray's own processes end when they see that the driver is gone
    return hit


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

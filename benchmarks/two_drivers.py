"""Two drivers on one store, started at random moments: each job has to be done exactly once.

    python benchmarks/two_drivers.py --trials 20

Every start of a job is noted by a plugin, so a job that ran twice shows, also where its result is the same.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from toy_bench import DatasetPlace, end, same

TRACKER = """
import uuid
from pathlib import Path
from harness import hookimpl

@hookimpl
def job_started(job):
    Path({folder!r}, f"{{job.id}} {{uuid.uuid4().hex}}").touch()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--executor", choices=["ray", "inline"], default="inline")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory(prefix="two-drivers-") as folder:
        place = DatasetPlace(Path(folder))
        seconds = place.finish("whole", options.executor)
        whole = place.predictions("whole")
        good = 0
        for number in range(options.trials):
            entry = trial(place, f"trial {number}", options.executor, random.uniform(0, seconds / 3))
            entry["same_bits"] = same(whole, place.predictions(f"trial {number}"))
            entry["left_behind"] = place.left_behind(f"trial {number}")
            good += entry["starts"] == {1: len(whole)} and entry["same_bits"] and not entry["left_behind"]
            print(json.dumps({"trial": number + 1, **entry}), flush=True)
    print(json.dumps({"trials": options.trials, "jobs": len(whole), "good": good}))
    raise SystemExit(good != options.trials)


def trial(place: DatasetPlace, name: str, executor: str, delay: float) -> dict[str, object]:
    starts = place.folder / name / "starts"
    starts.mkdir(parents=True)
    tracker = place.folder / name / "tracker.py"
    tracker.write_text(TRACKER.format(folder=str(starts)))
    first = place.start(name, executor, "--plugin", str(tracker))
    time.sleep(delay)
    second = place.start(name, executor, "--plugin", str(tracker))
    end(first)
    end(second)
    counts = Counter(path.name.split()[0] for path in starts.iterdir())
    return {"delay": round(delay, 2), "starts": dict(Counter(counts.values()))}


if __name__ == "__main__":
    main()

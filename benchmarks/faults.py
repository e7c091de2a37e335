"""Give the harness every input of the hostile table, kill it at random moments, and keep what came of it.

    python benchmarks/faults.py --kills 63 --out benchmarks/faults.json
    python benchmarks/faults.py --kind caches --match flipped --verbose

Counted of inputs are tracebacks, hangs (over 20 seconds), other exit codes, and silent acceptances: answers that do not
say what the table says they have to. Kills (`kills.py`) are spread over drivers, workers, `data prepare`, filling,
rescoring and publishing; a good one is followed by the bits of an unbroken run. Exit code 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from hostile.places import Places
from hostile.run import Trial, run
from hostile.table import TABLE

KILLED = {
    "driver, inline": "--of driver --executor inline",
    "driver, Ray": "--of driver --executor ray",
    "worker": "--of worker --executor ray",
    **{name: f"--of {name}" for name in ("prepare", "filling", "rescoring", "publishing")},
}


def main() -> None:
    options = parse()
    trials = []
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        places = Places(Path(folder) / "places")
        for kind, entry in ((kind, entry) for kind, entries in TABLE.items() for entry in entries):
            if re.search(options.kind, kind) and re.search(options.match, entry.name):
                trial = run(kind, entry, places, Path(folder) / str(len(trials)), options.seconds)
                trials.append(trial)
                tell(trial, options.verbose)
    kills = {name: killed(flags, options.kills // len(KILLED)) for name, flags in KILLED.items()}
    summary = counted(trials) | {"kills": {name: of for name, of in kills.items() if of["kills"]}}
    print(json.dumps(summary, indent=1))
    if options.out:
        options.out.write_text(json.dumps(summary, indent=1) + "\n")
    raise SystemExit(bool(summary["wrong"]) or any(of["good"] != of["kills"] for of in kills.values()))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", default="", help="only kinds that match this regular expression")
    parser.add_argument("--match", default="", help="only names that match this regular expression")
    parser.add_argument("--seconds", type=float, default=20, help="after which a command hangs; more on a busy machine")
    parser.add_argument("--kills", type=int, default=0, help=f"in all, spread over {len(KILLED)} kinds")
    parser.add_argument("--out", type=Path, help="where the counts go, as JSON")
    parser.add_argument("--verbose", action="store_true", help="what was said to each")
    return parser.parse_args()


def tell(trial: Trial, verbose: bool) -> None:
    if trial.wrong or verbose:
        print(f"{trial.kind}: {trial.name}: {trial.wrong or 'as it should be'} ({trial.seconds} s)", file=sys.stderr)
        print(trial.said[-2000:], file=sys.stderr)


def killed(flags: str, kills: int) -> dict[str, int]:
    """Return how many kills there were, and how many of them were good."""
    if not kills:
        return {"kills": 0, "good": 0}
    command = [sys.executable, str(Path(__file__).with_name("kills.py")), *flags.split(), "--kills", str(kills)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stderr.write(done.stdout + done.stderr)
    last = json.loads((done.stdout.splitlines() or ["{}"])[-1])
    return {"kills": last.get("kills", kills), "good": last.get("good", 0)}


def counted(trials: list[Trial]) -> dict[str, object]:
    wrong = [{key: value for key, value in asdict(trial).items() if key != "said"} for trial in trials if trial.wrong]
    return {
        "inputs": len(trials),
        "kinds": Counter(trial.kind for trial in trials),
        "tracebacks": sum(trial.wrong == "traceback" for trial in trials),
        "hangs": sum(trial.wrong == "hang" for trial in trials),
        "silent": sum(trial.wrong == "silence" for trial in trials),
        "wrong": wrong,
        "longest_seconds": max((trial.seconds for trial in trials), default=0.0),
    }


if __name__ == "__main__":
    main()

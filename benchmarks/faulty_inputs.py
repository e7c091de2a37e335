"""Give the harness every input of the hostile table, and keep what it made of them.

    python benchmarks/faulty_inputs.py --out benchmarks/faulty_inputs.json
    python benchmarks/faulty_inputs.py --kind caches --match flipped

Counted are tracebacks, hangs (over 20 seconds), other exit codes, and silent acceptances. Exit code 1 if there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
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


def main() -> None:
    options = parse()
    trials = []
    with tempfile.TemporaryDirectory(prefix="faulty-inputs-") as folder:
        places = Places(Path(folder) / "places")
        for kind, entry in ((kind, entry) for kind, entries in TABLE.items() for entry in entries):
            if re.search(options.kind, kind) and re.search(options.match, entry.name):
                trial = run(kind, entry, places, Path(folder) / str(len(trials)))
                trials.append(trial)
                tell(trial, options.verbose)
    summary = counted(trials)
    print(json.dumps(summary, indent=1))
    if options.out:
        options.out.write_text(json.dumps(summary, indent=1) + "\n")
    raise SystemExit(any(trial.wrong for trial in trials))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", default="", help="only kinds that match this regular expression")
    parser.add_argument("--match", default="", help="only names that match this regular expression")
    parser.add_argument("--out", type=Path, help="where the counts go, as JSON")
    parser.add_argument("--verbose", action="store_true", help="what was said to each")
    return parser.parse_args()


def tell(trial: Trial, verbose: bool) -> None:
    if trial.wrong or verbose:
        print(f"{trial.kind}: {trial.name}: {trial.wrong or 'as it should be'} ({trial.seconds} s)", file=sys.stderr)
        print(trial.said[-2000:], file=sys.stderr)


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

"""Plant 31 methods on three datasets with full-size predictions, and time what is made of them, in processor time.

python benchmarks/thirty_one.py /tmp/thirty-one

The folder is used as it is if it exists. The methods are invented; their facts have the spread of the field's.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from helpers.planted import CLASSES, Planted, TestSet

ELEVEN = (*CLASSES, "contempt", "anxiety", "helplessness", "disappointment")
SETS = {  # name -> folds, test clips a fold, classes
    "dfew": ("12345", 2339, CLASSES),
    "ferv39k": ("1", 7847, CLASSES),
    "mafw": ("12345", 1834, ELEVEN),
}
SEEDS = (1, 2, 3)
HARNESS = str(Path(sys.executable).with_name("harness"))
FAMILIES = (  # family, pretraining, modality, how far the code goes
    ("3D network", "Kinetics-400", ("visual",), "reading"),
    ("image network and time", "MS-Celeb-1M", ("visual",), "exact"),
    ("self-supervised", "VoxCeleb2", ("visual",), "sketch"),
    ("CLIP", "CLIP", ("visual",), "exact"),
    ("CLIP", "CLIP", ("visual", "text"), "reading"),
)
HEARD = {"visual-and-sound-1", "visual-and-sound-2"}  # they hear the clips, too
LEFT_OUT = {  # (method, dataset) -> folds that are there
    ("image-network-06", "mafw"): "1234",
    ("image-network-11", "mafw"): "12345",
    ("clip-13", "ferv39k"): "",
    ("3d-network-05", "dfew"): "123",
}


def names() -> list[str]:
    """Return the names of the 31 methods, in the order of their skill."""
    first = ("3d-network", "image-network", "self-supervised", "clip", "clip-text")
    plain = [f"{first[number % 5]}-{number:02d}" for number in range(29)]
    return [*plain, *sorted(HEARD)]


def facts(method: str, number: int) -> dict[str, Any]:
    """Return what the method's spec would say of it."""
    family, pretraining, modality, exactness = FAMILIES[number % len(FAMILIES)]
    if method in HEARD:
        family, modality = "audio and vision", ("visual", "audio")
    year = 2015 + number * 11 // 31
    return {
        "family": family,
        "architecture": "ResNet-18 + Transformer" if "network" in family else "ViT-B/16",
        "pretraining": pretraining,
        "modality": list(modality),
        "face_data": "RAF-DB" if number % 7 == 3 else "",
        "venue": f"{('CVPR', 'ACM MM', 'TAFFC')[number % 3]} {year}",
        "year": year,
        "paper": f"https://example.org/papers/{method}",
        "code": f"https://example.org/code/{method}" if number % 2 else "",
        "exactness": exactness,
        "needs": {"weights": [], "streams": ["frames"]},
    }


def plant(root: Path) -> int:
    """Write the results, with trainings that differ from run to run by about a point; how many there are."""
    planted, written = Planted(root), 0
    for dataset, (folds, clips, classes) in SETS.items():
        on = TestSet(dataset, folds, clips, classes, films=clips // 8)
        for number, method in enumerate(names()):
            rng = np.random.default_rng([number, len(dataset)])
            for fold in LEFT_OUT.get((method, dataset), folds):
                for seed in SEEDS:
                    skill = 0.2 + number / 31 + rng.normal(0, 0.04)
                    logits = on.predict(fold, skill, seed * 1000 + number)
                    planted.add(method, fold, seed, logits, on=on, facts=facts(method, number))
                    written += 1
    return written


def timed(*arguments: str) -> None:
    """Print the processor time and the characters that a command takes, itself and what it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([HARNESS, *arguments], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    printed = f"{len(done.stdout.splitlines())} lines, {len(done.stdout)} characters"
    print(
        f"{' '.join(arguments[:3]):40} {seconds:6.1f} s of processor time, exit {done.returncode}, {printed}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    runs = parser.parse_args().runs
    if not runs.exists():
        print(f"{plant(runs)} results planted in {runs}")
    with TemporaryDirectory() as folder:
        timed("leaderboard", "--out", f"{folder}/tables", "--runs", str(runs))
        timed("publish", f"{folder}/site", "--runs", str(runs))
        timed("audit", "--runs", str(runs))
        timed("compare", "clip-08", "clip-text-09", "--dataset", "dfew", "--runs", str(runs))


if __name__ == "__main__":
    main()

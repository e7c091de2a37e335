"""Reading the predictions of many results: as the leaderboard does, by Polars, against two ways of Arrow's.

These are file by file, and 256 files as one data set. Processor time of all threads, the ways taking turns; all give
the same labels, predictions and logits, but only the first checks ids, and looks for what cannot be.

    python benchmarks/read_predictions.py --files 1000
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from harness.results.predictions import FILE, BadPredictions, Ids, read_together

CLASSES = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
LOGITS = [f"logit.{name}" for name in CLASSES]
COLUMNS = ["sample_id", "label", "prediction", *LOGITS]
TOGETHER = 256
Read = tuple[np.ndarray, np.ndarray, np.ndarray]  # labels, predictions, logits of all files


def write(root: Path, files: int, clips: int) -> list[str]:
    """Results as DFEW's folds have them: one file each, of so many clips."""
    rng = np.random.default_rng(0)
    words = np.array(CLASSES, dtype=object)
    folders = []
    for number in range(files):
        logits = rng.standard_normal((clips, len(CLASSES))).astype(np.float32)
        frame = pd.DataFrame(
            {
                "sample_id": [f"{clip:05d}" for clip in range(clips)],
                "label": words[rng.integers(len(CLASSES), size=clips)],
                "prediction": words[logits.argmax(1)],
                "frames": np.full(clips, 40, dtype=np.int32),
                "group": [""] * clips,
                **dict(zip(LOGITS, logits.T, strict=True)),
            }
        )
        folder = root / f"{number:05d}"
        folder.mkdir()
        frame.to_parquet(folder / FILE)
        folders.append(str(folder))
    return folders


def by_harness(folders: list[str]) -> Read:
    known: Ids = {}
    found = []
    for start in range(0, len(folders), TOGETHER):
        for table in read_together(folders[start : start + TOGETHER], CLASSES, known):
            assert not isinstance(table, BadPredictions)
            found.append((table.labels, table.predicted, table.logits))
    return joined(found)


def joined(found: list[Read]) -> Read:
    labels, predicted, logits = (np.concatenate(part) for part in zip(*found, strict=True))
    return labels, predicted, logits


def arrays(table: pa.Table) -> Read:
    words = pa.array(CLASSES)
    labels, predicted = (pc.index_in(table[name].cast(pa.string()), words) for name in ("label", "prediction"))
    logits = np.stack([table[name].to_numpy() for name in LOGITS], axis=1)
    return labels.to_numpy().astype(np.int8), predicted.to_numpy().astype(np.int8), logits


def by_arrow_file(folders: list[str]) -> Read:
    found = []
    for folder in folders:
        source = pa.BufferReader(Path(folder, FILE).read_bytes())
        with pq.ParquetFile(source) as file:
            found.append(arrays(file.read(columns=COLUMNS, use_threads=False)))
    return joined(found)


def by_arrow_dataset(folders: list[str]) -> Read:
    found = []
    for start in range(0, len(folders), TOGETHER):
        files = [f"{folder}/{FILE}" for folder in folders[start : start + TOGETHER]]
        found.append(arrays(ds.dataset(files, format="parquet").to_table(columns=COLUMNS)))
    return joined(found)


WAYS: dict[str, Callable[[list[str]], Read]] = {
    "harness: Polars, 256 files together, checked": by_harness,
    "Arrow, file by file": by_arrow_file,
    "Arrow, 256 files as one data set": by_arrow_dataset,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--clips", type=int, default=2340)
    parser.add_argument("--turns", type=int, default=3)
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        folders = write(Path(folder), args.files, args.clips)
        seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
        first: Read | None = None
        for _ in range(args.turns):
            for name, way in WAYS.items():
                wall, cpu = time.perf_counter(), time.process_time()
                found = way(folders)
                seconds[name].append((time.process_time() - cpu, time.perf_counter() - wall))
                first = first or found
                assert all(np.array_equal(a, b) for a, b in zip(first, found, strict=True)), name
    best = {name: [round(value, 2) for value in min(of)] for name, of in seconds.items()}
    print(json.dumps({"files": args.files, "clips": args.clips, "processor and wall seconds": best}, indent=2))


if __name__ == "__main__":
    main()

"""The most of each count that can be meant. What is above is a slip, and is refused before anything is done."""

from __future__ import annotations

import os
from pathlib import Path

MOST_SEEDS = 1_000  # of a request
LARGEST_SEED = 2**32 - 1  # as generators take them
MOST_NAMES = 10_000  # methods, datasets, folds or rows of a request
MOST_JOBS = 100_000  # of a plan
MOST_EPOCHS = 10_000
MOST_CLIPS = 65_536  # of a batch
MOST_CORES = 1_024  # threads, CPUs or GPUs of a job
MOST_PROCESSES = 256  # that decode for a job
MOST_TRIES = 1_000
MOST_AT_ONCE = 100_000  # jobs
MOST_SECONDS = 366 * 24 * 3600  # of a job
MOST_FRAMES = 1_024  # of a clip that is seen, or of a segment of it
MOST_PIXELS = 8_192  # along a side
MOST_VIEWS = 1_000  # augmented ones kept of a clip
MOST_PLACES = 100  # in time that a clip is tested at
MOST_ELEMENTS = 10_000  # of an option that is a list
MOST_BYTES = 1_000_000  # of a bench file
DEEPEST = 16  # tables within tables of a bench file
LONGEST_PATH = 4_095  # bytes, as Linux has it
LONGEST_NAME = 255  # bytes of one part of a path

MOST_OF = {  # what a whole number counts, by the end of its option's name
    "epochs": MOST_EPOCHS,
    "batch_size": MOST_CLIPS,
    "accumulate": MOST_CLIPS,
    "frames": MOST_FRAMES,
    "views": MOST_VIEWS,
    "tokens": 10_000,
    "sentences": 10_000,
    "layers": 1_000,
    "blocks": 1_000,
    "heads": 1_000,
}
MOST_OF_ANYTHING = 1_000_000


def most_of(name: str) -> int:
    """Return the largest value of an option that is a whole number and declares no maximum, by its name."""
    for end, most in MOST_OF.items():
        if name == end or name.endswith(f"_{end}"):
            return most
    return MOST_OF_ANYTHING


def usable_path(path: Path) -> Path:
    """Return a path with the home folder in place of ~, as no shell does it in a bench file.

    Raises:
        ValueError: no file can have it.
    """
    text = os.fspath(path)
    if "\0" in text:
        raise ValueError("a path holds no null byte")
    try:
        whole = path.expanduser()
    except RuntimeError as error:
        raise ValueError(f"there is no user {text.partition('/')[0]!r} on this machine") from error
    longest = max((len(os.fsencode(part)) for part in whole.parts), default=0)
    if longest > LONGEST_NAME or len(os.fsencode(whole)) > LONGEST_PATH:
        raise ValueError(f"too long for a file system: at most {LONGEST_PATH:,} bytes, {LONGEST_NAME} of each part")
    return whole

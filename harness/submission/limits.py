"""What a bundle may hold at most. All of it is checked before the part that it limits is read."""

from __future__ import annotations

from collections.abc import Iterator

from harness.core.errors import HarnessError

KB, MB = 1024, 1024**2

BUNDLE = 1024 * MB  # bytes of the archive itself
DIRECTORY = 8 * MB  # bytes of its list of files
FILES = 20_000  # in it
UNPACKED = 2048 * MB  # bytes of all files together, once unpacked
NAME = 500  # characters of a file's name
PART = 255  # bytes of one part of it

BYTES = {  # of one file, unpacked, by the end of its name
    "manifest.json": 8 * MB,
    "result.json": 1 * MB,
    "predictions.parquet": 32 * MB,
    "history.parquet": 8 * MB,
    ".py": 1 * MB,
}

DEPTH = 16  # lists and objects inside each other in JSON
TEXT = 100_000  # characters of one text in JSON
CLIPS = 200_000  # rows of predictions
EPOCHS = 100_000  # rows of a history
COLUMNS = 512
IDENTIFIER = 400  # characters of a clip's id, a class or a group

MEMORY = 2048 * MB  # of the process that reads tables, beyond what it starts with
SECONDS = 600  # of processor time of the same


class Refused(HarnessError):
    """A file of a bundle that is outside of what is taken; the message says in what."""


def most_bytes(name: str) -> int:
    """Return how large a file of that name may be; 0 for one that no bundle holds."""
    return next((most for end, most in BYTES.items() if name.endswith(end)), 0)


def in_words() -> Iterator[tuple[str, str]]:
    """Yield what is limited, and to how much."""
    yield "the bundle", f"{BUNDLE // MB:,} MB"
    yield "all files, unpacked", f"{UNPACKED // MB:,} MB"
    yield "files", f"{FILES:,}"
    for end, most in BYTES.items():
        yield f"`{end}`", f"{most // MB:,} MB"
    yield "JSON inside JSON", f"{DEPTH} levels"
    yield "clips of a result", f"{CLIPS:,}"

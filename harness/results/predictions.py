"""`predictions.parquet` of results as arrays, validated: ids are unique, labels and predictions are classes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from polars.exceptions import PanicException, PolarsError

from harness.core.errors import HarnessError
from harness.core.text import first_line
from harness.results.tables import BadTable, read_bytes

FILE = "predictions.parquet"
ID, LABEL, PREDICTION = "sample_id", "label", "prediction"
ORIGIN = "path of the file"  # a column of ours beside those of the files
UNKNOWN = -1  # a word that is no class
UNREADABLE = (PolarsError, PanicException, TypeError, ValueError)
Ids = dict[bytes, np.ndarray]  # ids by what `_key` makes of them


class BadPredictions(HarnessError):
    """A predictions file that is missing, broken, or says what cannot be."""


@dataclass(frozen=True)
class PredictionTable:
    """One test fold as one job saw it; N clips, C classes."""

    ids: np.ndarray  # (N,) names, sorted, each once
    labels: np.ndarray  # (N,) int8, index of the class
    predicted: np.ndarray  # (N,) int8
    logits: np.ndarray  # (N, C) float32


def read_predictions(folder: str | Path, classes: Sequence[str]) -> PredictionTable:
    """Return the predictions of the result in `folder`.

    Raises:
        BadPredictions: missing, unreadable, without clips, with a clip twice, or with a class that is not one.
    """
    [found] = read_together(
        [str(folder)],
        classes,
        {},
    )
    if isinstance(found, BadPredictions):
        raise found
    return found


def read_facts(folder: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Group and number of frames of each clip, sorted by id; empty and 0 where they are not known. (N,), (N,).

    Raises:
        BadPredictions: the file cannot be read, or does not say.
    """
    path = Path(folder, FILE)
    try:
        table = pl.read_parquet(read_bytes(path), columns=[ID, "group", "frames"]).sort(ID)
        groups = table["group"].cast(pl.String).fill_null("")
        frames = table["frames"].cast(pl.Int64).fill_null(0)
    except BadTable as error:
        raise BadPredictions(str(error)) from error
    except (*UNREADABLE, OSError) as error:
        raise BadPredictions(f"{path}: {first_line(error)}") from error
    return groups.to_numpy(), frames.to_numpy()


def read_together(
    folders: Sequence[str],
    classes: Sequence[str],
    known: Ids,
) -> list[PredictionTable | BadPredictions]:
    """Return the predictions of several results of the same classes, or why one could not be read.

    Each file is looked at before Polars is given it, which would take memory for whatever a file says that it holds.
    Jobs that saw the same clips share their ids through `known`.
    """
    faults = [_fault(folder) for folder in folders]
    whole = [folder for folder, fault in zip(folders, faults, strict=True) if fault is None]
    found = iter(_read_whole(whole, classes, known) if whole else ())
    return [next(found) if fault is None else fault for fault in faults]


def _fault(folder: str) -> BadPredictions | None:
    """Return why the file of a result is not given to a reader."""
    path = Path(folder, FILE)
    try:
        read_bytes(path)
    except BadTable as error:
        return BadPredictions(str(error))
    except OSError as error:
        return BadPredictions(f"{path}: {error.strerror or 'cannot be read'}")
    return None


def _read_whole(
    folders: Sequence[str],
    classes: Sequence[str],
    known: Ids,
) -> list[PredictionTable | BadPredictions]:
    """Read several files at once, which costs three times less than each alone where there are thousands.

    Polars refuses all of them if one is amiss; then each half is tried, until the one is found.
    """
    if len(folders) == 1:
        return [_read_alone(Path(folders[0], FILE), classes, known)]
    paths = [f"{folder}/{FILE}" for folder in folders]
    try:
        table = _read(paths, classes)
        sizes = dict(table[ORIGIN].rle().struct.unnest().select("value", "len").iter_rows())
        return _split(
            table,
            paths,
            [sizes.get(path, 0) for path in paths],
            classes,
            known,
        )
    except (*UNREADABLE, OSError):
        middle = len(folders) // 2
        halves = folders[:middle], folders[middle:]
        return [found for half in halves for found in _read_whole(half, classes, known)]


def _read_alone(
    path: Path,
    classes: Sequence[str],
    known: Ids,
) -> PredictionTable | BadPredictions:
    try:
        content = path.read_bytes()
    except OSError as error:
        return BadPredictions(f"{path}: {error.strerror or 'cannot be read'}")
    try:
        table = _read(content, classes)
        return _split(
            table,
            [path],
            [table.height],
            classes,
            known,
        )[0]
    except UNREADABLE as error:
        return BadPredictions(f"{path}: {_why(content, classes, error)}")


def _why(
    content: bytes,
    classes: Sequence[str],
    error: BaseException,
) -> str:
    """Return why the content of a file could not be read."""
    try:
        columns = pl.read_parquet_schema(io.BytesIO(content))
    except UNREADABLE as broken:
        return f"no Parquet file ({first_line(broken)})"
    missing = [name for name in (ID, LABEL, PREDICTION, *_logits(classes)) if name not in columns]
    return f"no column {missing[0]!r}" if missing else f"not the columns of predictions ({first_line(error)})"


def _read(source: bytes | list[str], classes: Sequence[str]) -> pl.DataFrame:
    """Return the columns that count, in an order and of types of our own, file after file."""
    files = pl.scan_parquet(
        source, glob=False, hive_partitioning=False, extra_columns="ignore", include_file_paths=ORIGIN
    )
    words = pl.col(
        ID,
        LABEL,
        PREDICTION,
    ).cast(pl.String)
    return files.select(
        words,
        pl.col(_logits(classes)).cast(pl.Float32),
        ORIGIN,
    ).collect()


def _logits(classes: Sequence[str]) -> list[str]:
    return [f"logit.{name}" for name in classes]


def _split(
    table: pl.DataFrame, paths: Sequence[str | Path], sizes: Sequence[int], classes: Sequence[str], known: Ids
) -> list[PredictionTable | BadPredictions]:
    ends = np.cumsum(sizes)
    starts = ends - sizes
    table, twice = _sorted(table, starts[starts < table.height])
    names = _Names(table[ID])
    labels, predicted = (_codes(table[column], classes) for column in (LABEL, PREDICTION))
    logits = table.select(_logits(classes)).to_numpy()
    wrong = twice | (labels == UNKNOWN) | (predicted == UNKNOWN) | table[ID].is_null().to_numpy()
    found: list[PredictionTable | BadPredictions] = []
    for path, start, end in zip(
        paths,
        starts.tolist(),
        ends.tolist(),
        strict=True,
    ):
        inside = slice(start, end)
        if start == end:
            found.append(BadPredictions(f"{path}: holds no clip"))
        elif wrong[inside].any():
            row = start + int(wrong[inside].argmax())
            found.append(BadPredictions(f"{path}: {_what_is_wrong(table.row(row, named=True), classes)}"))
        else:
            found.append(
                PredictionTable(names.shared(inside, known), labels[inside], predicted[inside], logits[inside])
            )
    return found


def _sorted(table: pl.DataFrame, starts: np.ndarray) -> tuple[pl.DataFrame, np.ndarray]:
    """Return the table with each file sorted by id, and which clips have the id of the one before, (N,)."""
    before = table[ID].shift(1)
    rising = (before < table[ID]).fill_null(value=False).to_numpy().copy()
    rising[starts] = True
    if rising.all():
        return table, ~rising
    numbers = np.zeros(table.height, dtype=np.int64)
    numbers[starts] = 1
    table = table.with_columns(pl.Series("file", numbers.cumsum())).sort(
        "file",
        ID,
        maintain_order=True,
    )
    twice = table[ID].eq_missing(table[ID].shift(1)).to_numpy().copy()
    twice[starts] = False
    return table, twice


def _codes(words: pl.Series, classes: Sequence[str]) -> np.ndarray:
    """Return class words as indices, (N,) int8, `UNKNOWN` where a word is no class."""
    codes = words.cast(pl.Enum(classes), strict=False).to_physical().cast(pl.Int8)
    return codes.fill_null(UNKNOWN).to_numpy()


def _what_is_wrong(clip: Mapping[str, object], classes: Sequence[str]) -> str:
    """Return what is wrong with a row."""
    if clip[ID] is None:
        return f"a clip has no {ID}"
    for column in (LABEL, PREDICTION):
        if clip[column] not in classes:
            return f"{column} {clip[column]!r} of clip {clip[ID]!r} is no class of the result"
    return f"clip {clip[ID]!r} is there more than once"


class _Names:
    """The ids of all clips of a table; those of a file are made Python's own only if no other file had them."""

    def __init__(self, ids: pl.Series) -> None:
        self.ids = ids
        _, offsets, letters = ids.rechunk().to_arrow().buffers()
        self.offsets = np.frombuffer(offsets, dtype=np.int64)
        self.letters = memoryview(letters or b"")

    def shared(
        self,
        inside: slice,
        known: Ids,
    ) -> np.ndarray:
        """Return the ids of one file, (N,), the same array for equal clips in equal order."""
        offsets = self.offsets[inside.start : inside.stop + 1]
        key = hashlib.blake2b(self.letters[offsets[0] : offsets[-1]], digest_size=16)
        key.update((offsets - offsets[0]).tobytes())
        found = known.get(key.digest())
        return known.setdefault(key.digest(), self.ids[inside].to_numpy()) if found is None else found

"""`predictions.parquet` of one result as arrays, read fast and believed only as far as it makes sense."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harness.errors import HarnessError

FILE = "predictions.parquet"
WORDS = ["label", "prediction"]


class BadPredictions(HarnessError):
    """A predictions file that is missing, broken, or says what cannot be."""


@dataclass(frozen=True)
class Clips:
    """One test fold as one job saw it; N clips, C classes."""

    ids: pa.StringArray  # sorted, each once
    labels: np.ndarray  # (N,) int8, index of the class
    predicted: np.ndarray  # (N,) int8
    logits: np.ndarray  # (N, C) float32


def read_clips(folder: Path, classes: Sequence[str], known: dict[bytes, pa.StringArray] | None = None) -> Clips:
    """The predictions of the result in `folder`. Jobs that saw the same clips share their ids through `known`.

    Raises:
        BadPredictions: missing, unreadable, without clips, with a clip twice, or with a class that is not one.
    """
    path = folder / FILE
    names = ["sample_id", *WORDS, *(f"logit.{name}" for name in classes)]
    table = read_columns(path, names, dictionaries=WORDS).select(names)  # a file has them in an order of its own
    try:
        return _clips(table, classes, path, {} if known is None else known)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise BadPredictions(f"{path}: not the columns of predictions ({error})") from error


def _clips(table: pa.Table, classes: Sequence[str], path: Path, known: dict[bytes, pa.StringArray]) -> Clips:
    ids, *words = map(_whole, table.columns[: 1 + len(WORDS)])
    labels, predicted = (_codes(word, name, classes, path) for word, name in zip(words, WORDS, strict=True))
    logits = np.empty((len(ids), len(classes)), dtype=np.float32)
    for number, column in enumerate(table.columns[1 + len(WORDS) :]):
        logits[:, number] = _whole(column).to_numpy(zero_copy_only=False)
    shared = known.get(_key(ids))  # of another job, and so in order
    if shared is not None:
        return Clips(shared, labels, predicted, logits)
    order = _order(ids, path)
    if order is not None:
        ids, labels, predicted, logits = ids.take(pa.array(order)), labels[order], predicted[order], logits[order]
    return Clips(known.setdefault(_key(ids), ids), labels, predicted, logits)


def _key(ids: pa.StringArray) -> bytes:
    """Equal for equal clips in equal order."""
    digest = hashlib.blake2b(digest_size=16)
    for part in ids.buffers()[1:]:
        digest.update(part or b"")
    return digest.digest()


def read_columns(
    path: Path, columns: list[str], dictionaries: list[str] | None = None, optional: Sequence[str] = ()
) -> pa.Table:
    """Some columns of a Parquet file, in this thread; `optional` ones where they are there.

    Raises:
        BadPredictions: the file or a column is missing, or it is no Parquet file.
    """
    try:
        source = pa.BufferReader(path.read_bytes())  # small files: quicker than to let Arrow look for them
        with pq.ParquetFile(source, read_dictionary=dictionaries or []) as file:
            table = file.read(columns=[*columns, *optional], use_threads=False)
    except OSError as error:
        raise BadPredictions(f"{path}: {error.strerror or 'cannot be read'}") from error
    except (pa.ArrowException, ValueError) as error:
        raise BadPredictions(f"{path}: no Parquet file ({error})") from error
    found = set(table.column_names)
    missing = [name for name in columns if name not in found]
    if missing:
        raise BadPredictions(f"{path}: no column {missing[0]!r}")
    if not table.num_rows:
        raise BadPredictions(f"{path}: holds no clip")
    return table


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array; most files have one chunk, and nothing is copied."""
    if column.num_chunks == 1:
        return column.chunk(0)
    column = column.unify_dictionaries()
    return pa.concat_arrays(column.chunks)


def _codes(words: pa.Array, name: str, classes: Sequence[str], path: Path) -> np.ndarray:
    """Class words as indices, (N,) int8."""
    words = words if isinstance(words, pa.DictionaryArray) else words.dictionary_encode()
    known = [*words.dictionary.to_pylist(), None]
    numbers = np.array([classes.index(word) if word in classes else -1 for word in known], dtype=np.int8)
    places = words.indices.fill_null(len(known) - 1) if words.null_count else words.indices
    codes = numbers[places.to_numpy()]
    if codes.min() < 0:
        row = int(codes.argmin())
        raise BadPredictions(f"{path}: {name} {words[row].as_py()!r} in row {row} is no class of the result")
    return np.asarray(codes)


def _order(ids: pa.StringArray, path: Path) -> np.ndarray | None:
    """How to sort the clips; None if they are sorted."""
    if len(ids) < 2 or pc.all(pc.less(ids[:-1], ids[1:])).as_py():
        return None
    names = ids.to_numpy(zero_copy_only=False)
    order = np.argsort(names, kind="stable")
    twice = names[order][1:] == names[order][:-1]
    if twice.any():
        raise BadPredictions(f"{path}: clip {names[order][1:][twice][0]!r} is there more than once")
    return order

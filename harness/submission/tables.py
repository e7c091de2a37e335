"""Parquet from a stranger: looked at by its footer first, read column by column, and written anew from plain values.

Only flat columns of text and numbers are read: no binary, nested or extension type, so nothing that could be unpickled.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harness.core.text import first_line
from harness.data.splits import labels_sha256
from harness.submission import limits
from harness.submission.limits import Refused
from harness.submission.places import ROOTED

WORDS = ("sample_id", "label", "prediction", "group")
PLAIN = ("BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE")  # physical types beside text
READ = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_null,
)


@dataclass(frozen=True)
class Cleaned:
    """The tables of one result, written anew.

    Attributes:
        predictions: Parquet.
        history: Parquet; None if there is none.
        clips: number of rows of the predictions.
        labels_sha256: of the lines "id label", as splits have it.
    """

    predictions: bytes
    history: bytes | None
    clips: int
    labels_sha256: str


def clean(
    predictions: bytes,
    history: bytes | None,
    classes: Sequence[str],
) -> Cleaned:
    """Return the tables of a result from plain values only. Raises: Refused, which names the file."""
    with_name = "predictions.parquet"
    try:
        table = _predictions(predictions, classes)
        with_name = "history.parquet"
        epochs = None if history is None else _written(_history(history))
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
        raise Refused(f"{with_name}: is not the Parquet that is expected ({first_line(error)})") from error
    except Refused as error:
        raise Refused(f"{with_name}: {error}") from error
    order = {name: number for number, name in enumerate(classes)}
    labels = (order[name] for name in table["label"].to_pylist())
    pairs = zip(table["sample_id"].to_pylist(), labels, strict=True)
    return Cleaned(
        _written(table),
        epochs,
        table.num_rows,
        labels_sha256(pairs),
    )


def _predictions(content: bytes, classes: Sequence[str]) -> pa.Table:
    wanted = ("sample_id", "label", "prediction", "frames", "group", *(f"logit.{name}" for name in classes))
    table = _read(content, limits.CLIPS)
    if sorted(table.column_names) != sorted(wanted):
        odd = sorted(set(table.column_names).symmetric_difference(wanted))
        raise Refused(f"has other columns than predictions of its classes have: {odd[:3]}")
    if table.num_rows == 0 or any(column.null_count for column in table.columns):
        raise Refused("holds no clip, or a clip of which something is missing")
    for name in WORDS:
        _check_words(table, name, classes)
    for name in ("frames", *wanted[5:]):
        if not pa.types.is_integer(table[name].type) and not pa.types.is_floating(table[name].type):
            raise Refused(f"column {name!r} is {table[name].type}, not numbers")
    types = [(name, pa.string() if name in WORDS else pa.float32()) for name in wanted]
    schema = pa.schema([(name, pa.int32() if name == "frames" else kind) for name, kind in types])
    table = table.select(list(wanted)).cast(schema)
    for name in wanted[5:]:
        if not np.isfinite(table[name].to_numpy()).all():
            raise Refused(f"column {name!r} holds a number that is not finite")
    return table.sort_by("sample_id")


def _check_words(
    table: pa.Table,
    name: str,
    classes: Sequence[str],
) -> None:
    column = table[name]
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        raise Refused(f"column {name!r} is {column.type}, not text")
    values = set(pc.unique(column).to_pylist())
    if name in ("label", "prediction") and not values <= set(classes):
        raise Refused(f"column {name!r} holds {min(values - set(classes))[:80]!r}, which is no class of the result")
    if name == "sample_id" and len(values) < table.num_rows:
        raise Refused("a clip is there more than once")
    if max(map(len, values)) > limits.IDENTIFIER or not "".join(values).isprintable():
        raise Refused(f"column {name!r} holds a text that is too long or cannot be printed")
    _check_places(table, name)


def _check_places(table: pa.Table, name: str) -> None:
    """Look for text that begins as an absolute path. Raises: Refused."""
    rooted = pc.match_substring_regex(table[name], f"^(?:{ROOTED.pattern})")
    if pc.any(rooted).as_py():
        raise Refused(f"column {name!r} holds the absolute path {table[name].filter(rooted)[0].as_py()[:80]!r}")


def _history(content: bytes) -> pa.Table:
    table = _read(content, limits.EPOCHS)
    for name in table.column_names:
        values = table[name].drop_null()
        if pa.types.is_floating(values.type) and np.isinf(values.to_numpy()).any():
            raise Refused(f"column {name!r} holds a number that is not finite")
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            _check_places(table, name)
    return table


def _read(content: bytes, most_rows: int) -> pa.Table:
    """Return a table of flat columns of text and numbers, without what the file says of how to read it."""
    footer = pq.read_metadata(io.BytesIO(content))
    _check_footer(footer, most_rows)
    table = pq.ParquetFile(io.BytesIO(content), pre_buffer=False).read(use_threads=False, use_pandas_metadata=False)
    for name, kind in zip(table.column_names, table.schema.types, strict=True):
        if not any(is_kind(kind) for is_kind in READ):
            raise Refused(f"column {name!r} is {kind}; only text and numbers are read")
        if len(name) > limits.IDENTIFIER or not name.isprintable():
            raise Refused("has a column whose name is too long or cannot be printed")
    if table.num_rows != footer.num_rows or len(set(table.column_names)) < len(table.column_names):
        raise Refused("holds other rows than it says, or a column twice")
    return table.replace_schema_metadata(None)


def _check_footer(footer: pq.FileMetaData, most_rows: int) -> None:
    """Look at what the file says of itself, before any of it is unpacked. Raises: Refused."""
    if not 0 <= footer.num_rows <= most_rows or not 0 < footer.num_columns <= limits.COLUMNS:
        raise Refused(f"says that it has {footer.num_rows:,} rows and {footer.num_columns:,} columns")
    if footer.num_row_groups > limits.COLUMNS:
        raise Refused(f"says that it has {footer.num_row_groups:,} parts")
    for number in range(footer.num_columns):
        column = footer.schema.column(number)
        text = column.physical_type == "BYTE_ARRAY" and str(column.logical_type) == "String"
        flat = column.max_repetition_level == 0 and column.max_definition_level <= 1
        if not flat or not (text or column.physical_type in PLAIN):
            raise Refused(f"column {column.name[:80]!r} is neither text nor numbers; nothing else is read")
    unpacked = 0
    for part in range(footer.num_row_groups):
        group = footer.row_group(part)
        unpacked += sum(max(0, group.column(i).total_uncompressed_size) for i in range(group.num_columns))
    if unpacked > 2 * limits.BYTES["predictions.parquet"]:
        raise Refused(f"says that it unpacks to {unpacked:,} bytes")


def _written(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()

"""Parquet files of results: their footer is looked at before a reader believes what it says of its size."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from harness.core.errors import HarnessError
from harness.core.text import first_line
from harness.system.regular import MB, open_regular

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 256 * MB  # bytes of a file; the predictions of 10,000 clips have half of one
UNPACKED = 1024 * MB  # bytes of its columns, as it says
ROWS = 2_000_000  # clips or epochs
COLUMNS = 2_000
PARTS = 2_000
SEAL = b"crc32"  # key of the checksum in the footer
TYPES = {"BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE", "BYTE_ARRAY"}
UNREADABLE = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, MemoryError, OverflowError)


class BadTable(HarnessError):
    """Parquet file that is none, or says what it cannot hold."""


def read_bytes(path: str | Path) -> bytes:
    """Return the content of a Parquet file of a result. Raises: OSError; BadTable if its footer lies."""
    with open_regular(path, LARGEST) as file:
        content = file.read()
    check(path, content)
    return content


def check(path: str | Path, content: bytes) -> None:
    """Look at what a file says of itself, before any of it is unpacked.

    Raises:
        BadTable: it is no Parquet file, says that it is larger than a file of its bytes can be, or its columns are not
            those that were written.
    """
    try:
        footer = pq.read_metadata(pa.BufferReader(content))
    except UNREADABLE as error:
        raise BadTable(f"{path}: no Parquet file ({first_line(error)})") from error
    wrong = _fault(footer, len(content))
    if wrong:
        raise BadTable(f"{path}: says {wrong}, which no table of a result does")
    told = (footer.metadata or {}).get(SEAL)  # those from before there was one have none
    if told is not None and told != _seal(content):
        raise BadTable(f"{path}: is damaged: its checksum is another")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table of a result, with a checksum of its columns in its footer. Raises: OSError."""
    plain = pa.Table.from_pandas(table)
    sealed = _seal(_parquet(plain))
    path.write_bytes(_parquet(plain.replace_schema_metadata({**(plain.schema.metadata or {}), SEAL: sealed})))


def _parquet(table: pa.Table) -> bytes:
    whole = pa.BufferOutputStream()
    pq.write_table(table, whole)
    content: bytes = whole.getvalue().to_pybytes()
    return content


def _seal(content: bytes) -> bytes:
    """Return the CRC-32 of what stands before the footer of a Parquet file: all that is in its columns."""
    footer = int.from_bytes(content[-8:-4], "little")  # its length, before the last four bytes
    return b"%08x" % zlib.crc32(content[: -8 - footer])


def _fault(footer: pq.FileMetaData, size: int) -> str:
    rows, columns, parts = footer.num_rows, footer.num_columns, footer.num_row_groups
    if not 0 <= rows <= ROWS or not 0 < columns <= COLUMNS or parts > PARTS:
        return f"that it has {rows:,} rows in {columns:,} columns and {parts:,} parts"
    unpacked = counted = 0
    for number in range(parts):
        group = footer.row_group(number)
        counted += group.num_rows
        for place in range(columns):
            column = group.column(place)
            unpacked += max(0, column.total_uncompressed_size)
            if column.physical_type not in TYPES:
                return f"that a column is {column.physical_type}"
            if column.num_values != group.num_rows or not 0 <= column.total_compressed_size <= size:
                return f"that a column has {column.num_values:,} values in {column.total_compressed_size:,} bytes"
    if counted != rows:
        return f"that it has {rows:,} rows, and {counted:,} in its parts"
    return f"that it unpacks to {unpacked:,} bytes" if unpacked > UNPACKED else ""


def read_table(path: Path) -> pd.DataFrame:
    """Return a table of a result. Raises: BadTable that names the file."""
    import pandas as pd

    try:
        return pd.read_parquet(pa.BufferReader(read_bytes(path)))
    except BadTable:
        raise
    except UNREADABLE as error:
        raise BadTable(f"{path}: cannot be read ({first_line(error)})") from error

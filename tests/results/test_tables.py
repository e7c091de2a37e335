"""Parquet of results: the footer is held against the file before a reader believes it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.results.tables import BadTable, read_bytes, read_table
from hostile.damage import cut, pipe
from hostile.stores import long_footer, lying


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pd.DataFrame({"a": ["x", "y", "z"], "b": ["1", "2", "3"]}).to_parquet(tmp_path / "t.parquet")
    return tmp_path / "t.parquet"


def test_a_sound_table_is_read(path: Path) -> None:
    assert read_table(path)["a"].tolist() == ["x", "y", "z"]


@pytest.mark.parametrize("rows", [2_000_001, 4_000_000_000, 2**62])
def test_a_footer_that_claims_other_rows_is_refused(path: Path, rows: int) -> None:
    lying(rows)(path)
    with pytest.raises(BadTable, match=r"t\.parquet: says that it has "):
        read_bytes(path)


@pytest.mark.parametrize("harm", [cut, long_footer], ids=["cut", "long footer"])
def test_what_is_no_table_is_named(path: Path, harm: object) -> None:
    harm(path)  # type: ignore[operator]
    with pytest.raises(BadTable, match=r"t\.parquet: no Parquet file"):
        read_table(path)


def test_a_pipe_is_named_and_not_waited_for(path: Path) -> None:
    pipe(path)
    with pytest.raises(BadTable, match="a named pipe"):
        read_table(path)


def test_columns_of_other_kinds_are_refused(path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([b"123"], pa.binary(3))}), path)
    with pytest.raises(BadTable, match="FIXED_LEN_BYTE_ARRAY"):
        read_bytes(path)

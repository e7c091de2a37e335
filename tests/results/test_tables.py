"""Parquet of results: the footer is held against the file before a reader believes it."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.results.tables import BadTable, read_bytes, read_table, write_table
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


def test_one_flipped_bit_anywhere_in_the_columns_is_found(tmp_path: Path) -> None:
    path, rng = tmp_path / "t.parquet", random.Random(0)
    write_table(path, pd.DataFrame({"id": [f"clip {n}" for n in range(500)], "logit": np.arange(500, dtype="float32")}))
    whole = path.read_bytes()
    footer = int.from_bytes(whole[-8:-4], "little")
    for place in rng.sample(range(4, len(whole) - 8 - footer), 100):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        with pytest.raises(BadTable, match=r"t\.parquet: is damaged: its checksum is another"):
            read_bytes(path)


def test_a_written_table_comes_back_and_tables_without_a_checksum_are_read(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": ["a", "b"], "logit": np.array([0.5, -1], dtype="float32"), "frames": [1, 2]})
    write_table(tmp_path / "sealed.parquet", table)
    table.to_parquet(tmp_path / "plain.parquet")
    for name in ("sealed", "plain"):
        pd.testing.assert_frame_equal(read_table(tmp_path / f"{name}.parquet"), table)

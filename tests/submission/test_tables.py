"""Parquet that no result has: other types, other columns, bombs, and bytes that are no Parquet."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data.splits import labels_sha256
from harness.submission import limits, quarantine
from harness.submission.limits import Refused
from harness.submission.quarantine import Quarantine
from harness.submission.tables import clean
from helpers.handed_in import parquet, stop, take_memory

CLASSES = ("anger", "fear")


class Evil:
    """An object whose pickle writes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def frame(**changes: Any) -> pd.DataFrame:
    columns = {
        "sample_id": ["b", "a", "c"],
        "label": ["fear", "anger", "anger"],
        "prediction": ["fear", "fear", "anger"],
        "frames": np.array([3, 4, 5], dtype=np.int32),
        "group": ["", "", ""],
        "logit.anger": np.array([0.0, 1.0, 2.0], dtype=np.float32),
        "logit.fear": np.array([1.0, 2.0, 0.0], dtype=np.float32),
    }
    return pd.DataFrame({name: value for name, value in {**columns, **changes}.items() if value is not None})


def test_plain_tables_come_back_as_they_were() -> None:
    history = pd.DataFrame({"stage": ["main"], "epoch": [1], "loss": [1.5], "val_war": [np.nan]})
    found = clean(parquet(frame()), parquet(history), CLASSES)
    again = pd.read_parquet(io.BytesIO(found.predictions))
    pd.testing.assert_frame_equal(again, frame().sort_values("sample_id", ignore_index=True))
    assert found.history is not None
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(found.history)), history)
    assert found.clips == 3
    assert found.labels_sha256 == labels_sha256([("a", 0), ("b", 1), ("c", 0)])
    assert clean(found.predictions, found.history, CLASSES) == found


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"sample_id": [b"a", b"b", b"c"]}, "neither text nor numbers"),
        ({"label": pd.Categorical(["fear", "anger", "anger"])}, "dictionary"),
        ({"group": [["a"], ["b"], []]}, "neither text nor numbers"),
        ({"group": [{"a": 1}, {"a": 2}, {"a": 3}]}, "neither text nor numbers"),
        ({"group": None}, "other columns"),
        ({"more": [1, 2, 3]}, "other columns"),
        ({"group": ["", None, ""]}, "missing"),
        ({"logit.fear": [1.0, np.nan, 2.0]}, "missing|not finite"),
        ({"logit.fear": [1.0, np.inf, 2.0]}, "not finite"),
        ({"logit.fear": ["1", "2", "3"]}, "not numbers"),
        ({"sample_id": ["a", "a", "b"]}, "more than once"),
        ({"sample_id": ["/home/me/a", "b", "c"]}, "absolute path '/home/me/a'"),
        ({"sample_id": ["a\x1b[2J", "b", "c"]}, "cannot be printed"),
        ({"sample_id": ["a" * 1000, "b", "c"]}, "too long"),
        ({"sample_id": [1, 2, 3]}, "not text"),
        ({"label": ["fear", "joy", "anger"]}, "'joy', which is no class"),
        ({"frames": np.array([2**40, 1, 2])}, "not the Parquet|expected"),
    ],
)
def test_other_predictions_are_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused, match=text):
        clean(parquet(frame(**changes)), None, CLASSES)


def test_pickles_are_not_loaded(tmp_path: Path) -> None:
    marker = tmp_path / "loaded"
    pickled = pickle.dumps(Evil(marker))
    for content in (pickled, parquet(frame(group=[pickled] * 3))):
        with pytest.raises(Refused):
            clean(content, None, CLASSES)
    with pytest.raises(Refused, match=r"history\.parquet"):
        clean(parquet(frame()), pickled, CLASSES)
    assert not marker.exists()


def test_an_extension_type_is_refused() -> None:
    table = pa.Table.from_pandas(frame(), preserve_index=False)
    odd = pa.ExtensionArray.from_storage(pa.opaque(pa.binary(), "object", "somebody"), pa.array([b"1", b"2", b"3"]))
    table = table.set_column(4, "group", odd)
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    with pytest.raises(Refused, match="neither text nor numbers"):
        clean(buffer.getvalue(), None, CLASSES)


def test_a_bomb_is_told_by_its_footer() -> None:
    many = limits.CLIPS + 1
    table = pa.table({"sample_id": pa.array(["a"] * many), "x": pa.array(np.zeros(many))})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    assert len(buffer.getvalue()) < 5000
    with pytest.raises(Refused, match="200,001 rows"):
        clean(buffer.getvalue(), None, CLASSES)
    long = pa.table({"sample_id": pa.array(["a" * limits.MB] * 200)})
    buffer = io.BytesIO()
    pq.write_table(long, buffer, compression="zstd", use_dictionary=False)
    assert len(buffer.getvalue()) < limits.MB
    with pytest.raises(Refused, match="unpacks to"):
        clean(buffer.getvalue(), None, CLASSES)


def test_what_stops_the_reading_process_is_the_files_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "clean", stop)
    monkeypatch.setattr(quarantine, "CRASHES", 1)
    with Quarantine() as apart:
        with pytest.raises(Refused, match="stopped the process that read them"):
            apart.clean(b"", None, CLASSES)
        with pytest.raises(Refused, match="were not looked at"):
            apart.clean(b"", None, CLASSES)


def test_the_reading_process_has_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "clean", take_memory)
    with Quarantine() as apart, pytest.raises(Refused, match="MemoryError"):
        apart.clean(b"", None, CLASSES)


GOOD = parquet(frame())


def test_changed_bytes_are_read_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the process of its own: there are bytes that stop Arrow's reader, and with it whoever reads."""
    monkeypatch.setattr(quarantine, "CRASHES", 1000)
    with Quarantine() as apart:

        @settings(max_examples=200)
        @given(place=st.integers(0, len(GOOD) - 1), value=st.integers(1, 255), cut=st.booleans())
        def check(place: int, value: int, cut: bool) -> None:
            content = bytearray(GOOD)
            content[place] ^= value
            try:
                found = apart.clean(bytes(content[:place] if cut else content), None, CLASSES)
            except Refused:
                return
            assert found.clips == 3

        check()


def test_any_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "CRASHES", 1000)
    with Quarantine() as apart:

        @given(st.binary(max_size=300))
        def check(content: bytes) -> None:
            for spoiled in (content, b"PAR1" + content + b"PAR1"):
                with pytest.raises(Refused):
                    apart.clean(spoiled, None, CLASSES)

        check()

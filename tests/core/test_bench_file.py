"""Whatever a bench file holds, it is a request or one sentence."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.bench_file import read_bench_file
from harness.core.errors import HarnessError
from harness.core.request import Request, build_request

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
KEYS = st.sampled_from(sorted(Request.model_fields)) | st.text(max_size=8)


def answer(content: bytes) -> str:
    """Return what is said to a bench file; where there is nothing to say, where that would be said."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.toml"
        file.write_bytes(content)
        try:
            build_request({}, file)
        except HarnessError as error:
            return str(error)
        return f"{file}: "


@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    assert "bench.toml: " in answer(content)


@given(st.text(max_size=100))
def test_any_text_of_a_key(text: str) -> None:
    content = f"methods = '''{text}'''\n".encode("utf-8", "surrogatepass")
    assert len(answer(content).splitlines()) == 1


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_values(given_values: dict[str, object]) -> None:
    try:
        request = build_request(given_values)
    except HarnessError:
        return
    assert 1 <= len(request.seeds) <= 1000
    assert request.threads is None or 1 <= request.threads <= 1024


def test_a_mark_of_byte_order_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "bench.toml").write_bytes(b"\xef\xbb\xbfdata-root = 'data'\n")
    assert read_bench_file(tmp_path / "bench.toml") == {"data_root": "data"}


@pytest.mark.parametrize("content", ["a = " + "[" * 17 + "]" * 17, ".".join("a" * 18) + " = 1"])
def test_depth_has_a_limit(content: str, tmp_path: Path) -> None:
    (tmp_path / "bench.toml").write_text(content)
    with pytest.raises(HarnessError, match="within more than 16 others"):
        read_bench_file(tmp_path / "bench.toml")

"""JSON that no result is."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.submission import limits
from harness.submission.limits import Refused
from harness.submission.plain_json import parse


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b'{"war": NaN}', "not the JSON"),
        (b'{"war": -Infinity}', "not the JSON"),
        (b'{"war": 1e999}', "not finite"),
        (b'{"a": 1, "a": 2}', "'a' is there more than once"),
        (b'{"a": ' * 5000 + b"1" + b"}" * 5000, "not the JSON"),
        (b'{"a": ' + b"[" * 100_000, "not the JSON"),
        (b'{"a": ' * 20 + b"1" + b"}" * 20, f"deeper than {limits.DEPTH} levels"),
        (b"[1, 2]", "no JSON object"),
        (b"", "not the JSON"),
        (b'{"a": "\\ud800"}', "not the JSON|half a character"),
        (b'{"a": "\xff"}', "not the JSON"),
        (b'{"a": "' + b"x" * (limits.TEXT + 1) + b'"}', "characters"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "not the JSON"),
    ],
)
def test_what_is_refused(content: bytes, text: str) -> None:
    with pytest.raises(Refused, match=text):
        parse(content)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), PLAIN, max_size=4))
def test_plain_data_come_back_as_they_were(data: dict[str, object]) -> None:
    assert parse(json.dumps(data).encode()) == data


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:0eNa\\u', max_size=100).map(str.encode))
def test_any_bytes_are_plain_data_or_refused(content: bytes) -> None:
    with suppress(Refused):
        assert isinstance(parse(content), dict)

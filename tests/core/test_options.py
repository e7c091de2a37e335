"""Options of methods: what is declared, what is accepted, and what an error says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from harness.core.errors import BadOption
from harness.core.options import build, describe, option, type_name


@dataclass(frozen=True)
class Toy:
    tokens: int = option(16, "learned tokens", minimum=1)
    rate: float = option(0.5, "learning rate")
    place: Literal["end", "middle"] = option("end", "where the class stands")
    specific: bool = option(False, "one context a class")
    words: tuple[str, ...] = option(("a", "b"), "prompts")
    scale: tuple[float, float] = option((0.5, 1.0), "lower and upper")
    text: str = ""


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("tokens", "8", 8),
        ("tokens", 8, 8),
        ("rate", "1e-3", 1e-3),
        ("rate", 1, 1.0),
        ("place", "middle", "middle"),
        ("specific", "true", True),
        ("specific", False, False),
        ("words", "x, y", ("x", "y")),
        ("words", '["a, b", "c"]', ("a, b", "c")),
        ("words", ["x"], ("x",)),
        ("scale", "0.1,0.2", (0.1, 0.2)),
        ("text", "12", "12"),
        ("text", "a=b", "a=b"),
    ],
)
def test_values_of_a_command_line_and_of_a_file_are_converted(name: str, value: Any, expected: Any) -> None:
    assert getattr(build(Toy, {name: value}, "toy"), name) == expected


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("token", 8, ["toy has no option 'token'", "did you mean 'tokens'?"]),
        ("zzz", 8, ["known: ", "place", "tokens"]),
        ("tokens", "eight", ["toy.tokens", "'eight'", "int"]),
        ("tokens", "8.5", ["toy.tokens", "'8.5'"]),
        ("tokens", 0, ["toy.tokens", "0", "greater than or equal to 1"]),
        ("place", "midle", ["toy.place", "'end' | 'middle'", "did you mean 'middle'?"]),
        ("specific", "perhaps", ["toy.specific", "bool"]),
        ("scale", "0.1", ["toy.scale", "tuple[float, float]"]),
        ("rate", "nan", ["toy.rate", "not a finite number"]),
        ("rate", float("inf"), ["toy.rate", "not a finite number"]),
    ],
)
def test_an_error_shows_the_value_the_place_and_the_closest_right_one(name: str, value: Any, parts: list[str]) -> None:
    with pytest.raises(BadOption) as caught:
        build(Toy, {name: value}, "toy")
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_values_are_laid_over_a_base() -> None:
    base = Toy(tokens=3, text="kept")
    assert build(Toy, {"tokens": "5"}, "toy", base) == Toy(tokens=5, text="kept")


def test_describe_gives_name_type_default_and_help() -> None:
    lines = {info.name: (info.type, info.default, info.help) for info in describe(Toy, "x.")}
    assert lines["x.tokens"] == ("int", 16, "learned tokens")
    assert lines["x.place"] == ("'end' | 'middle'", "end", "where the class stands")
    assert lines["x.words"] == ("tuple[str, ...]", ("a", "b"), "prompts")
    assert lines["x.text"] == ("str", "", "")


@pytest.mark.parametrize(
    ("kind", "name"),
    [(int, "int"), (Literal["a", "b"], "'a' | 'b'"), (tuple[int, ...], "tuple[int, ...]"), (list[str], "list[str]")],
)
def test_types_are_written_as_a_person_would(kind: Any, name: str) -> None:
    assert type_name(kind) == name

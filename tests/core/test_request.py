"""What a bench is asked for: the bench file, the flags over it, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import BadOption
from harness.core.request import Request, Variant, build_request, flatten, parse_overrides

FILE = """
methods = ["coop"]
datasets = "dfew, mafw"
folds = 1
seeds = [1, 2]
data-root = "~/data"
on-bad-sample = "skip"
no-cache = true

[set.coop]
context_tokens = 8
input = { frames = 4, augmentation = ["flip"] }

[[variant]]
name = "short"
method = "coop"
set = { epochs = 1, input.frames = 2 }
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "bench.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_nothing_given_is_the_documented_default() -> None:
    request = build_request({})
    assert request == Request()
    assert (request.executor, request.selection, request.out, request.seeds) == ("ray", "last", Path("runs"), [1])


def test_a_bench_file_is_read_whole(tmp_path: Path) -> None:
    request = build_request({}, write(tmp_path, FILE))
    assert (request.methods, request.datasets, request.folds) == (["coop"], ["dfew", "mafw"], ["1"])
    assert (request.seeds, request.on_bad_sample, request.no_cache) == ([1, 2], "skip", True)
    assert request.data_root == Path.home() / "data"
    assert request.set == {"coop": {"context_tokens": 8, "input.frames": 4, "input.augmentation": ["flip"]}}
    assert request.variant == [Variant(name="short", method="coop", set={"epochs": 1, "input": {"frames": 2}})]


def test_flags_win_over_the_file(tmp_path: Path) -> None:
    flags = {"seeds": "3", "folds": "all", "methods": None, "set": {"coop": {"input.frames": "6", "epochs": "1"}}}
    request = build_request(flags, write(tmp_path, FILE))
    assert (request.seeds, request.folds, request.methods) == ([3], ["all"], ["coop"])
    assert request.set["coop"] == {
        "context_tokens": 8,
        "input.frames": "6",
        "input.augmentation": ["flip"],
        "epochs": "1",
    }


@pytest.mark.parametrize("value", ["a,b", " a , b,", ["a", "b"], ("a", "b")])
def test_names_are_a_list_or_a_comma_list(value: Any) -> None:
    assert build_request({"methods": value}).methods == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("method = 'coop'", ["bench.toml: unknown key 'method'", "did you mean 'methods'?"]),
        ("save-weigths = true", ["did you mean 'save-weights'?"]),
        ("seeds = ['one']", ["bench.toml: seeds.0", "integer", "'one'"]),
        ("seeds = []", ["seeds", "at least 1"]),
        ("executor = 'slurm'", ["executor", "'ray' or 'inline'", "'slurm'"]),
        ("demo = 'perhaps'", ["demo", "boolean"]),
        ("threads = 0", ["threads", "greater than or equal to 1"]),
        ("set = 3", ["set", "dictionary", "3"]),
        ("[set]\ncoop = 8", ["set.coop", "dictionary", "8"]),
        ("[[variant]]\nname = 'x'", ["variant.0.method", "required"]),
        ("[[variant]]\nname = ''\nmethod = 'coop'", ["variant.0.name"]),
        ("[[variant]]\nname = 'x'\nmethod = 'coop'\nsets = {}", ["variant.0.sets: unknown key", "did you mean 'set'?"]),
        ("methods = [", ["bench.toml: not TOML"]),
    ],
)
def test_a_mistake_in_a_bench_file_names_file_key_and_fix(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(BadOption) as caught:
        build_request({}, write(tmp_path, text))
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_a_bench_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"none\.toml: cannot be read \(No such file"):
        build_request({}, tmp_path / "none.toml")


def test_a_bench_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "bench.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadOption, match="not TOML"):
        build_request({}, tmp_path / "bench.toml")


def test_an_unknown_flag_of_the_api_gets_the_closest_one() -> None:
    with pytest.raises(BadOption, match="unknown key 'dataset'; did you mean 'datasets'"):
        build_request({"dataset": "dfew"})


def test_overrides_are_taken_apart_at_the_first_dot_and_equals_sign() -> None:
    found = parse_overrides(["coop.input.frames=4", "coop.init=a = b", " coop.epochs =1"])
    assert found == {"coop": {"input.frames": "4", "init": "a = b", "epochs": "1"}}


@pytest.mark.parametrize("text", ["coop", "coop.epochs", "epochs=1", ".epochs=1", "coop.=1", ""])
def test_an_override_of_another_form_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadOption, match=r"METHOD\.OPTION=VALUE, as in --set coop\.context_tokens=8"):
        parse_overrides([text])


def test_nested_tables_are_flattened() -> None:
    assert flatten({"a": 1, "b": {"c": 2, "d": {"e": 3}}}) == {"a": 1, "b.c": 2, "b.d.e": 3}


@pytest.mark.parametrize("given", ["mine.py", Path("mine.py"), ["mine.py"]])
def test_one_plugin_needs_no_list(given: Any) -> None:
    assert build_request({"plugin": given}).plugin == [Path("mine.py")]

"""The command that runs one job again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.core.backbone_spec import BUNDLED, NONE

FILE = "repeat.toml"
END = "END"  # no line of the file is this: TOML strings are on one line
CODE = "code"  # of a plugin's samplers, which the harness finds itself


def command(result: Mapping[str, Any], plugin_files: Iterable[Path]) -> str:
    """Return shell text that makes the job of a `result.json` again;
    a variant needs a bench file, which the text writes.
    """
    if not result.get("variant"):
        return " ".join(["harness bench", *_flags(result, plugin_files), *_settings(result)])
    file = "\n".join(_bench_file(result))
    return f"cat > {FILE} <<'{END}'\n{file}\n{END}\n" + " ".join(["harness bench", FILE, *_flags(result, plugin_files)])


def _flags(result: Mapping[str, Any], plugin_files: Iterable[Path]) -> Iterator[str]:
    """Yield the flags of all but the method and its options."""
    backbone, found = result["backbone"], result.get("provenance") or {}
    if result.get("demo"):
        yield "--demo"
    files = {path.stem: path.name for path in plugin_files}
    if result["plugin"]["name"] in files:
        yield from ("--plugin", shlex.quote(files[result["plugin"]["name"]]))
    if not result.get("variant"):
        yield from ("--methods", shlex.quote(result["method"]))
    yield from ("--datasets", shlex.quote(result.get("reader") or result["dataset"]))
    if result.get("reader") not in (None, result["dataset"]):
        yield from ("--dataset-name", shlex.quote(result["dataset"]))
    yield from ("--folds", shlex.quote(str(result["fold"])), "--seeds", str(result["seed"]))
    if backbone["name"] != NONE:
        yield from ("--backbone", shlex.quote(_backbone(backbone)))
    yield from ("--selection", result["selection"])
    if result.get("on_bad_sample", "fail") != "fail":
        yield from ("--on-bad-sample", result["on_bad_sample"])
    if found.get("threads", 1) != 1:
        yield from ("--threads", str(found["threads"]))
    if found.get("compile"):
        yield "--compile"


def _backbone(backbone: Mapping[str, Any]) -> str:
    """Return a backbone as `--backbone` takes it; a name's own weights need no other."""
    own = backbone["weights"] == BUNDLED
    return str(backbone["name"] if own else f"{backbone['name']}:{backbone['weights']}")


def _settings(result: Mapping[str, Any]) -> Iterator[str]:
    for name, value in _values(result).items():
        text = value if isinstance(value, str) else json.dumps(value)
        yield from ("--set", shlex.quote(f"{result['method']}.{name}={text}"))


def _values(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return options, and the frame input as `input.NAME`; what has no value is left to its default."""
    seen = {f"input.{name}": value for name, value in (result.get("input") or {}).items() if name != CODE}
    values = {**(result.get("options") or {}), **seen}
    return {name: value for name, value in values.items() if value is not None}


def _bench_file(result: Mapping[str, Any]) -> Iterator[str]:
    yield "[[variant]]"
    yield f"name = {_toml(result['variant'])}"
    yield f"method = {_toml(result['method'])}"
    if result["backbone"]["name"] != NONE:
        yield f"backbone = {_toml(_backbone(result['backbone']))}"
    yield "[variant.set]"
    for name, value in _values(result).items():
        yield f"{_toml(name)} = {_toml(value)}"


def _toml(value: Any) -> str:
    """Write a value as TOML: strings, numbers, truth values and lists are written as in JSON, but for the bare DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

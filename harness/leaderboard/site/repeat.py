"""The commands that run one job, or a whole row, again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.core.backbone_spec import BUNDLED, NONE
from harness.core.options import flatten
from harness.core.weights_spec import AUTHORS, PRETRAINED
from harness.models.spec import MethodSpec

FILE = "repeat.toml"
END = "END"  # no line of the file is this: TOML strings are on one line
FLAGS = {AUTHORS: "--weights", PRETRAINED: "--pretrained"}
SHOWN = 12  # hex digits of a file
CODE = "code"  # of a plugin's samplers, which the harness finds itself


def command(
    result: Mapping[str, Any],
    plugin_files: Iterable[Path],
) -> str:
    """Return shell text that makes the job of a `result.json` again;
    a variant needs a bench file, which the text writes.
    """
    return _text(
        result,
        [str(result["fold"])],
        [result["seed"]],
        plugin_files,
        _values(result),
    )


def row_command(
    results: Sequence[Mapping[str, Any]],
    plugin_files: Iterable[Path],
    spec: MethodSpec | None,
    every_fold: Sequence[str],
) -> str:
    """Return shell text that makes a whole row again: all of its folds and seeds, with what differs from defaults.

    Args: the results of the row; the method as it is registered, None where it is not, so that every setting is named;
        the folds of the dataset.
    """
    first = next((result for result in results if result["status"] == "done"), results[0])
    folds = list(dict.fromkeys(str(result["fold"]) for result in results))
    seeds = sorted({int(result["seed"]) for result in results})
    values, own = _values(first), _defaults(first, spec)
    other = {name: value for name, value in values.items() if name not in own or _plain(own[name]) != _plain(value)}
    return _text(
        first,
        ["all"] if set(folds) == set(every_fold) else folds,
        seeds,
        plugin_files,
        other,
    )


def _defaults(
    result: Mapping[str, Any],
    spec: MethodSpec | None,
) -> dict[str, Any]:
    """Return options and frame input that a run has without being told."""
    if spec is None:
        return {}
    short = flatten(spec.demo) if result.get("demo") else {}
    recipe = flatten(spec.recipes.get(result.get("recipe") or "", {}))
    settled, seen = spec.settle({**spec.on(result["dataset"]), **recipe, **short})
    return {**settled, **{f"input.{name}": value for name, value in asdict(seen).items()}}


def _plain(value: Any) -> str:
    return json.dumps(
        value,
        sort_keys=True,
        default=str,
    )


def _text(
    result: Mapping[str, Any],
    folds: Sequence[str],
    seeds: Sequence[int],
    plugin_files: Iterable[Path],
    values: Mapping[str, Any],
) -> str:
    flags = list(
        _flags(
            result,
            folds,
            seeds,
            plugin_files,
        )
    )
    if not result.get("variant"):
        return " ".join(["harness bench", *flags, *_settings(result, values)])
    file = "\n".join(_bench_file(result, values))
    return f"cat > {FILE} <<'{END}'\n{file}\n{END}\n" + " ".join(["harness bench", FILE, *flags])


def _flags(
    result: Mapping[str, Any],
    folds: Sequence[str],
    seeds: Sequence[int],
    plugin_files: Iterable[Path],
) -> Iterator[str]:
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
    yield from ("--folds", shlex.quote(",".join(folds)), "--seeds", ",".join(map(str, seeds)))
    if backbone["name"] != NONE:
        yield from ("--backbone", shlex.quote(_backbone(backbone)))
    yield from _given(result)
    if result.get("on_bad_sample", "fail") != "fail":
        yield from ("--on-bad-sample", result["on_bad_sample"])
    if found.get("threads", 1) != 1:
        yield from ("--threads", str(found["threads"]))
    if found.get("compile"):
        yield "--compile"


def _given(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the recipe, and the file of weights that the run gave: by its hash, since its name is not stored."""
    if result.get("recipe"):
        yield from ("--recipe", shlex.quote(result["recipe"]))
    for name, sha256 in (result.get("weights") or {}).items():
        if name in FLAGS:
            yield from (FLAGS[name], shlex.quote(f"{result['method']}=FILE-OF-SHA256-{sha256[:SHOWN]}"))
    if result["selection"] != AUTHORS:
        yield from ("--selection", result["selection"])


def _backbone(backbone: Mapping[str, Any]) -> str:
    """Return a backbone as `--backbone` takes it; a name's own weights need no other."""
    own = backbone["weights"] == BUNDLED
    return str(backbone["name"] if own else f"{backbone['name']}:{backbone['weights']}")


def _settings(
    result: Mapping[str, Any],
    values: Mapping[str, Any],
) -> Iterator[str]:
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value)
        yield from ("--set", shlex.quote(f"{result['method']}.{name}={text}"))


def _values(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return options, and the frame input as `input.NAME`; what has no value is left to its default."""
    seen = {f"input.{name}": value for name, value in (result.get("input") or {}).items() if name != CODE}
    values = {**(result.get("options") or {}), **seen}
    return {name: value for name, value in values.items() if value is not None}


def _bench_file(
    result: Mapping[str, Any],
    values: Mapping[str, Any],
) -> Iterator[str]:
    yield "[[variant]]"
    yield f"name = {_toml(result['variant'])}"
    yield f"method = {_toml(result['method'])}"
    if result["backbone"]["name"] != NONE:
        yield f"backbone = {_toml(_backbone(result['backbone']))}"
    yield "[variant.set]"
    for name, value in values.items():
        yield f"{_toml(name)} = {_toml(value)}"


def _toml(value: Any) -> str:
    """Write a value as TOML: strings, numbers, truth values and lists are written as in JSON, but for the bare DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

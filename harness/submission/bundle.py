"""From a store to a bundle: finished results with their tables, the source of one-file plugins, and a manifest."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.errors import HarnessError
from harness.results.records import job_of
from harness.submission import archive, layout, limits, places
from harness.submission.limits import Refused
from harness.submission.sources import SHIPPED, content_of, to_hand_in
from harness.submission.tables import clean
from harness.system.files import write_atomically

NAMED = 10  # damaged results that an error names


class Damaged(HarnessError):
    """A stored result whose tables cannot be handed in; the message names the file."""


@dataclass
class Bundle:
    """Results to hand in.

    Attributes:
        files: content by name, without the manifest.
        jobs: number of results.
        left_out: results that stay behind, counted by why.
        damaged: path and reason of each result that stays behind since its files are damaged.
        stripped: fields of results that lost a place on a machine, counted.
        packages: installed packages that methods came from, of which no source is in the bundle.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    jobs: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    damaged: dict[str, str] = field(default_factory=dict)
    stripped: Counter[str] = field(default_factory=Counter)
    packages: set[str] = field(default_factory=set)

    def said(self) -> Iterator[str]:
        """Yield what was left out, taken out or is not in it, in words."""
        yield from (f"left out: {why}" for why in self.damaged.values())
        for why, count in self.left_out.items():
            yield f"left out: {count} {'result' if count == 1 else 'results'} {why}"
        for name, count in sorted(self.stripped.items()):
            yield f"{name}: names of folders or of the machine were taken out of {count} results"
        for package in sorted(self.packages):
            yield f"no source: the method came from the package {package}"
        yield "not in it: frames, weights, logs"


def make(results: Iterable[Mapping[str, Any]], sources: Mapping[str, Path]) -> Bundle:
    """Gather what is handed in.

    Args:
        results: of a store, each with its folder as `path`.
        sources: file of each one-file plugin, by its name.

    Raises:
        HarnessError: a result that cannot be handed in as it is, or nothing to hand in.
    """
    bundle = Bundle()
    for result in results:
        why = _stays(result)
        if why:
            bundle.left_out[why] += 1
            continue
        try:
            _add(bundle, result)
        except Damaged as error:
            bundle.damaged[str(result["path"])] = str(error)
        else:
            _add_source(bundle, result, sources)
    if not bundle.jobs and bundle.damaged:
        raise HarnessError("\n".join(list(bundle.damaged.values())[:NAMED]))
    if not bundle.jobs:
        left = "; ".join(f"{count} {why}" for why, count in bundle.left_out.items())
        raise HarnessError(f"nothing to hand in{f' ({left})' if left else ''}; run `harness bench` first")
    return bundle


def write(bundle: Bundle, path: Path) -> dict[str, Any]:
    """Write the bundle and return its manifest.

    Raises:
        HarnessError: it is larger than `harness accept` takes, or cannot be written.
    """
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in bundle.files.items()}
    manifest = layout.described(bundle.files, digests, bundle.jobs)
    files = {**bundle.files, layout.MANIFEST: _text(manifest)}
    unpacked = sum(map(len, files.values()))
    if len(files) > limits.FILES or unpacked > limits.UNPACKED:
        raise HarnessError(
            f"{len(files):,} files of {unpacked:,} bytes are more than one bundle holds ({limits.FILES:,} files, "
            f"{limits.UNPACKED:,} bytes); hand in a part of the results, from a runs folder of its own"
        )
    write_atomically(path, lambda draft: _write(draft, files))
    return manifest


def _write(draft: Path, files: Mapping[str, bytes]) -> None:
    """Write the archive and look at it as `harness accept` will. Raises: HarnessError if that would refuse it."""
    archive.write(draft, files)
    with archive.Archive(draft) as made:
        for fault in made.faults():
            raise HarnessError(
                f"{fault.name} {fault.text}, which `harness accept` refuses; hand in such results apart, from runs "
                f"folders of their own, or give the method another name"
            )


def _stays(result: Mapping[str, Any]) -> str:
    if result.get("status") != "done":
        return "of jobs that failed"
    return "of `bench --quick`, which no table ranks" if result.get("quick") else ""


def _add(bundle: Bundle, result: Mapping[str, Any]) -> None:
    folder = Path(result["path"])
    try:
        name = layout.folder_of(job_of(result))
    except HarnessError as error:
        raise Damaged(f"{folder}/{layout.RESULT}: {error}") from error
    told, changed = places.strip({key: value for key, value in result.items() if key != "path"})
    for where, text in places.found_in(told):
        raise HarnessError(
            f"{folder}/{layout.RESULT}: {where} is {text!r}, a path of this machine, which is part of what the result "
            f"stands for and cannot be taken out; name the file without its folder and run the job again"
        )
    history = folder / layout.HISTORY
    try:
        tables = clean(
            content_of(folder / layout.PREDICTIONS),
            content_of(history) if os.path.lexists(history) else None,
            _classes(result),
        )
    except Refused as error:
        raise Damaged(f"{folder}/{error}; run the job again, or remove its folder") from error
    except HarnessError as error:
        raise Damaged(str(error)) from error
    bundle.files[f"{name}/{layout.RESULT}"] = _text(told)
    bundle.files[f"{name}/{layout.PREDICTIONS}"] = tables.predictions
    if tables.history is not None:
        bundle.files[f"{name}/{layout.HISTORY}"] = tables.history
    bundle.stripped.update(changed)
    bundle.jobs += 1


def _add_source(
    bundle: Bundle,
    result: Mapping[str, Any],
    sources: Mapping[str, Path],
) -> None:
    """Add the source of the one-file plugin that made a result. Raises: HarnessError if it is not at hand."""
    name = result["plugin"]["name"]
    if name.startswith(SHIPPED) or layout.plugin_file(name) in bundle.files:
        return
    package = (result.get("provenance") or {}).get("distribution")
    if name in sources:
        bundle.files[layout.plugin_file(name)] = to_hand_in(result, sources[name])
    elif package:
        bundle.packages.add(package)
    else:
        raise HarnessError(f"method {result['method']!r} came from the plugin {name!r}; give its file with --plugin")


def _classes(result: Mapping[str, Any]) -> Sequence[str]:
    classes: Sequence[str] = result["protocol"]["classes"]
    return classes


def _text(data: Any) -> bytes:
    """Return plain data as the store writes it."""
    text = json.dumps(
        data,
        indent=2,
        sort_keys=True,
        allow_nan=False,
        ensure_ascii=False,
    )
    return f"{text}\n".encode()

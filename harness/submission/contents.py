"""What a bundle holds, file by file: hashed, parsed by rules of our own, and written anew into a store beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.results.records import job_of
from harness.results.store import Store, write_json
from harness.submission import layout, plain_json
from harness.submission.archive import Archive, NoBundle
from harness.submission.checked_result import checked
from harness.submission.limits import Refused
from harness.submission.quarantine import Quarantine
from harness.submission.remark import Remark, note, objection
from harness.submission.sources import SHIPPED, judged

NAMED = 20  # objections of one kind that are listed


@dataclass
class Contents:
    """The results of a bundle, as far as they could be read.

    Attributes:
        store: where the results were written anew; none of the bundle's own bytes are there.
        results: those that could be read, each with its folder there as `path`.
        labels: hash of the labels that each result was tested on, by its folder.
        sources: names of the one-file plugins whose source is there.
        remarks: all that was found.
    """

    store: Store
    results: list[dict[str, Any]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)


def unpack(archive: Archive, staging: Path) -> Contents:
    """Judge the list of files, then every file. Raises: NoBundle without a manifest."""
    contents = Contents(Store(staging))
    contents.remarks += [objection("archive", fault.name, fault.text) for fault in archive.faults()]
    if contents.remarks:
        return contents  # a list of files that is not right is not followed
    if layout.MANIFEST not in archive.members:
        raise NoBundle(f"{archive.path}: no bundle: it has no {layout.MANIFEST}; `harness submit` makes one")
    listed = _manifest(archive, contents)
    with Quarantine() as quarantine:
        for folder in _folders(archive):
            for name in layout.OF_A_RESULT[:2]:
                if f"{folder}/{name}" not in archive.members:
                    contents.remarks.append(objection("missing-file", f"{folder}/{name}", "is not there"))
            try:
                _take(archive, folder, listed, contents, quarantine)
            except Refused as error:
                contents.remarks.append(objection("unreadable", folder, str(error)))
    _take_sources(archive, listed, contents)
    return contents


def _manifest(archive: Archive, contents: Contents) -> dict[str, str]:
    """Return the hash of each file that the manifest lists; what it says that is not so is objected to."""
    try:
        told = plain_json.parse(archive.read(layout.MANIFEST))
        if (told.get("format"), told.get("version")) != (layout.FORMAT, layout.VERSION):
            raise Refused(f"is not of version {layout.VERSION} of {layout.FORMAT}")
        hashes = {str(name): str(facts["sha256"]) for name, facts in told["files"].items()}
    except (Refused, KeyError, TypeError, AttributeError) as error:
        text = str(error) if isinstance(error, Refused) else "does not list the files and their hashes"
        contents.remarks.append(objection("manifest", layout.MANIFEST, text))
        return {}
    there = set(archive.members) - {layout.MANIFEST}
    for name in sorted(there.symmetric_difference(hashes))[:NAMED]:
        text = "is not in the manifest" if name in there else "is in the manifest, but not in the bundle"
        contents.remarks.append(objection("manifest", name, text))
    return hashes


def _folders(archive: Archive) -> Iterator[str]:
    names = (name.rpartition("/")[0] for name in sorted(archive.members) if name.startswith(f"{layout.RUNS}/"))
    yield from dict.fromkeys(names)


def _read(
    archive: Archive,
    name: str,
    listed: dict[str, str],
) -> bytes:
    content = archive.read(name)
    if hashlib.sha256(content).hexdigest() != listed.get(name):
        raise Refused(f"{name}: is not the file that the manifest lists")
    return content


def _take(
    archive: Archive,
    folder: str,
    listed: dict[str, str],
    contents: Contents,
    quarantine: Quarantine,
) -> None:
    """Read a result and write it anew. Raises: Refused."""
    if any(f"{folder}/{name}" not in archive.members for name in layout.OF_A_RESULT[:2]):
        return
    result = checked(_read(archive, f"{folder}/{layout.RESULT}", listed), folder)
    predictions = _read(archive, f"{folder}/{layout.PREDICTIONS}", listed)
    epochs = f"{folder}/{layout.HISTORY}"
    history = _read(archive, epochs, listed) if epochs in archive.members else None
    tables = quarantine.clean(predictions, history, result["protocol"]["classes"])
    if tables.clips != result.get("n_scored"):
        raise Refused(f"says that it scored {result.get('n_scored')} clips, and predicts {tables.clips}")
    job = job_of(result)
    with contents.store.draft(job) as draft:
        write_json(draft / layout.RESULT, result)
        (draft / layout.PREDICTIONS).write_bytes(tables.predictions)
        if tables.history is not None:
            (draft / layout.HISTORY).write_bytes(tables.history)
    path = str(contents.store.folder(job))
    contents.results.append({**result, "path": path})
    contents.labels[path] = tables.labels_sha256


def _take_sources(
    archive: Archive,
    listed: dict[str, str],
    contents: Contents,
) -> None:
    """Compare the source of plugins with the hash that their results hold. It is text to read, and nothing runs it."""
    made: dict[str, set[str]] = {}
    for result in contents.results:
        made.setdefault(result["plugin"]["name"], set()).add(str(result["plugin"].get("source_sha256")))
    for name in sorted(archive.members):
        if not name.startswith(f"{layout.PLUGINS}/"):
            continue
        try:
            content = _read(archive, name, listed)
            content.decode("utf-8")
        except (Refused, UnicodeDecodeError) as error:
            contents.remarks.append(objection("unreadable", name, f"is no source ({error})"))
            continue
        plugin = Path(name).stem
        contents.remarks += judged(name, content, made.get(plugin, set()))
        contents.sources[plugin] = hashlib.sha256(content).hexdigest()
    for plugin in sorted(set(made) - set(contents.sources)):
        if not plugin.startswith(SHIPPED):
            contents.remarks.append(note("no-source", "", f"the source of the plugin {plugin!r} is not in the bundle"))

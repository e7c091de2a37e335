"""Bundles: of planted results on an official split that the tests know, and archives spoiled on purpose."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.core.dataset_spec import DatasetSpec
from harness.core.digest import digest
from harness.data.splits import labels_sha256
from harness.plugin import registry
from harness.results.store import Store
from harness.submission import accept, limits
from harness.submission.bundle import make, write
from helpers.planted import Planted, TestSet

SHIPPED = {"name": "harness_plugins.methods.coop", "version": "1", "source_sha256": "5" * 64}


def splits(on: TestSet) -> dict[str, tuple[str, str]]:
    """Hashes of the training and the test part of each fold, by the planted labels."""
    every = {}
    for fold in on.folds:
        test = labels_sha256(zip(on.ids(fold), on.labels[fold].tolist(), strict=True))
        every[fold] = (hashlib.sha256(f"train {fold}".encode()).hexdigest(), test)
    return every


def official(on: TestSet) -> DatasetSpec:
    """The dataset, as if the planted split were its official one."""
    return replace(registry.dataset(on.dataset), split_sha256=splits(on), folds=tuple(on.folds))


def plant(
    root: Path,
    method: str,
    skill: float,
    *,
    on: TestSet,
    folds: str = "",
    seeds: tuple[int, ...] = (1,),
    **changes: Any,
) -> None:
    """A row of honest results on the official split."""
    every = {fold: {"train": train, "test": test} for fold, (train, test) in splits(on).items()}
    protocol = {"split_sha256": digest(every, 64)} | changes.pop("protocol", {})
    for fold in folds or on.folds:
        told = {"split_sha256": every[fold], "plugin": SHIPPED} | changes
        Planted(root).row(
            method,
            skill,
            on=on,
            folds=fold,
            seeds=seeds,
            identity={"protocol": protocol} | told.pop("identity", {}),
            **told,
        )


def bundle_of(runs: Path, path: Path, sources: Mapping[str, Path] | None = None) -> Path:
    """The file that `harness submit` makes."""
    write(make(Store(runs).results(), sources or {}), path)
    return path


def known(*datasets: DatasetSpec) -> accept.Known:
    """What is registered here, with these datasets in the place of those of their names."""
    every = registry.datasets() | {spec.name: spec for spec in datasets}
    return accept.Known(every, registry.metrics(), registry.plugins().offers("methods"))


def unzipped(path: Path) -> dict[str, bytes]:
    """The files of a bundle by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(
    path: Path, files: Mapping[str, bytes] | list[tuple[str, bytes]], modes: Mapping[str, int] | None = None
) -> Path:
    """An archive of files in this order; a list may name one twice."""
    pairs = list(files.items()) if isinstance(files, Mapping) else files
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in pairs:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (modes or {}).get(name, stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return path


def listed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with a manifest that fits them, as a forger would write it."""
    rest = {name: content for name, content in files.items() if name != "manifest.json"}
    facts = {n: {"bytes": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in rest.items()}
    told = {"format": "harness-submission", "version": 1, "jobs": 1, "files": facts}
    return {**rest, "manifest.json": json.dumps(told).encode()}


def parquet(frame: Any) -> bytes:
    """A pandas frame as Parquet."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def take_memory(*_: object) -> None:
    """Ask for more memory than the process that reads tables may use; here, where that process finds it."""
    bytearray(2 * limits.MEMORY)


def stop(*_: object) -> None:
    """Stop the process, as a crash of a reader does."""
    os._exit(1)

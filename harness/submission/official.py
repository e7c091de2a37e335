"""Whether results are of the official split: hashes of clips and labels against those of the registered datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.core.dataset_spec import DatasetSpec
from harness.core.digest import digest
from harness.submission.remark import Remark, note, objection

UNVERIFIED = "unverified-split"


def compared(
    results: list[dict[str, Any]],
    labels: Mapping[str, str],
    datasets: Mapping[str, DatasetSpec],
) -> Iterator[Remark]:
    """Yield what does not fit.

    Args:
        results: of a bundle, each with its folder as `path`.
        labels: hash of the labels that stand in the predictions of each, by its folder.
        datasets: as they are registered here, never as the bundle has them.
    """
    unverified: dict[str, str] = {}
    for result in results:
        where = f"{result['dataset']}, {result['method']}, fold {result['fold']}, seed {result['seed']}"
        told = result.get("split_sha256") or {}
        if not result.get("n_unscored") and told.get("test") != labels[result["path"]]:
            text = "its predictions are of other clips, or of other labels, than its split says"
            yield objection("labels-differ", where, text)
        spec = datasets.get(result["dataset"])
        why = _why_unverified(result, spec)
        if why:
            unverified.setdefault(why, result["dataset"])
        elif spec:
            yield from (objection("not-official", where, text) for text in _differences(result, spec))
    for why, dataset in unverified.items():
        yield note(UNVERIFIED, dataset, why)


def _why_unverified(result: Mapping[str, Any], spec: DatasetSpec | None) -> str:
    name = result["dataset"]
    if result["demo"]:
        return f"the results on {name} are of the synthetic demo, which is no benchmark"
    if spec is None:
        return f"no dataset {name!r} is registered here, so that nothing tells whether its split is the official one"
    return "" if spec.split_sha256 else f"{name} declares no official split to compare with"


def _differences(result: Mapping[str, Any], spec: DatasetSpec) -> Iterator[str]:
    protocol = result["protocol"]
    told = result.get("split_sha256") or {}
    if result["fold"] not in spec.split_sha256:
        yield f"{spec.title} has no fold of that name"
        return
    train, test = spec.split_sha256[result["fold"]]
    for part, official in (("train", train), ("test", test)):
        if told.get(part) != official:
            yield f"its {part} split is not the official one of {spec.title}"
    if not result.get("official"):
        yield "it says itself that it is not of the official split"
    every = {fold: {"train": first, "test": second} for fold, (first, second) in spec.split_sha256.items()}
    if protocol.get("split_sha256") != digest(every, 64):
        yield f"the splits of its protocol are not the official ones of {spec.title}"
    if tuple(protocol["classes"]) != spec.class_names:
        yield f"its classes are not those of {spec.title}, in their order"
    if (protocol.get("dataset"), protocol.get("dataset_version")) != (spec.name, spec.version):
        yield f"its protocol is of another version of {spec.title} than {spec.version}"

"""Small copies of the datasets in the layouts that people have, with frames that are empty files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness import DatasetSpec
from harness.core.dataset_spec import Inventory
from harness.data.splits import five_chunks
from harness.plugin import registry

DFEW, FERV39K, MAFW = (registry.dataset(name) for name in ("dfew", "ferv39k", "mafw"))
PER_CLASS = 6


def labels(spec: DatasetSpec) -> dict[str, int]:
    """Six clips of each class, with ids that sort otherwise than they are numbered by class."""
    if spec is FERV39K:
        words = [c.word for c in spec.classes]
        return {f"{scene}/{w}/{i:04d}": k for scene in ("Action", "War") for k, w in enumerate(words) for i in range(3)}
    return {f"{1 + 7 * (i * len(spec.classes) + k):05d}": k for i in range(PER_CLASS) for k in range(len(spec.classes))}


def split(spec: DatasetSpec, fold: str) -> dict[str, dict[str, int]]:
    """The parts of a fold by the official rule."""
    everything = labels(spec)
    if spec is FERV39K:
        tested = {clip for clip in everything if clip.endswith("0000")}
    else:
        ids = {k: [c for c, label in everything.items() if label == k] for k in range(len(spec.classes))}
        tested = set(five_chunks(ids)[int(fold) - 1])
    return {
        "train": {c: k for c, k in everything.items() if c not in tested},
        "test": {c: k for c, k in everything.items() if c in tested},
    }


def write_clips(root: Path, folder: str, clips: Iterable[str], suffix: str = ".jpg", frames: int = 2) -> None:
    """Folders of frames."""
    for clip in clips:
        (root / folder / clip).mkdir(parents=True, exist_ok=True)
        for number in range(frames):
            (root / folder / clip / f"{number:05d}{suffix}").touch()


def write_lists(root: Path, template: str, spec: DatasetSpec, row: str, header: str = "") -> None:
    """Lists of all folds. `row` may name {clip}, {number} (unpadded), {zero} (label from 0), {word} and {name}."""
    for fold in spec.folds:
        for part, clips in split(spec, fold).items():
            write_list(root / template.format(fold=fold, part=part), spec, clips, row, header)


def write_list(file: Path, spec: DatasetSpec, clips: Mapping[str, int], row: str, header: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        row.format(clip=clip, number=clip.lstrip("0"), zero=k, one=k + 1, word=spec.classes[k].word,
                   name=spec.classes[k].name)
        for clip, k in clips.items()
    ]  # fmt: skip
    file.write_text("\n".join([header, *lines] if header else lines) + "\n", encoding="utf-8")


def read(spec: DatasetSpec, root: Path, layout: str = "") -> Inventory:
    assert spec.read
    return spec.read(root, layout)


def assert_whole(spec: DatasetSpec, found: Inventory, folds: Sequence[str] = ()) -> None:
    """All folds hold what the rule says, with the right labels, and no row was wrong."""
    assert [p for p in found.problems if p.level == "error"] == []
    for fold in folds or spec.folds:
        expected = split(spec, fold)
        assert {s.id: s.label for s in found.folds[fold].train} == expected["train"]
        assert {s.id: s.label for s in found.folds[fold].test} == expected["test"]


def codes(found: Inventory) -> list[str]:
    return sorted(problem.code for problem in found.problems)

"""Write a folder of clips and its annotations, marked so that nobody takes it for real data."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from harness.core.errors import HarnessError
from harness.data.places import MARKER, PARTIAL, is_demo
from harness.demo.film import Pairs
from harness.demo.randomness import generator
from harness.demo.render import ClipPlan, render_clips

VERSION = 4

WRONG_LABELS = 0.04

PAIRED = 100

Progress = Callable[[int, int], None]


def write_replica(
    root: Path,
    clips: Sequence[ClipPlan],
    texts: Mapping[str, str],
    pairs: Pairs,
    seed: int,
    progress: Progress | None = None,
) -> None:
    """Write all clips, then the annotation `texts` (path to content), then the marker.

    An equal replica that is already there is left alone; an older or unfinished one is replaced.
    Raises `HarnessError` where `root` holds anything that this function did not write.
    """
    marker = {
        "demo": True,
        "version": VERSION,
        "seed": seed,
        "note": "Synthetic faces: not the real data set.",
    }
    content = json.dumps(marker, indent=1) + "\n"
    if is_demo(root) and (root / MARKER).read_text() == content:
        return
    _clear(root, {PurePosixPath(name).parts[0] for name in [*texts, *(clip.folder for clip in clips)]})
    (root / PARTIAL).write_text(content)
    _render(root, clips, pairs, progress)
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, newline="\n")
    (root / PARTIAL).rename(root / MARKER)


def _clear(root: Path, own: Iterable[str]) -> None:
    """Make `root` empty of an older replica, or refuse to touch it."""
    root.mkdir(parents=True, exist_ok=True)
    found = sorted(path.name for path in root.iterdir())
    if not found:
        return
    if not {MARKER, PARTIAL} & set(found):
        raise HarnessError(
            f"{root} holds data ({found[0]}, ...) but no {MARKER}, so it may be the real data set. "
            "Choose another folder for the demo."
        )
    # Unfinished until the marker stands again; the order matters if this is stopped half-way.
    (root / PARTIAL).touch()
    (root / MARKER).unlink(missing_ok=True)
    for name in own:
        shutil.rmtree(root / name, ignore_errors=True)


def _render(
    root: Path,
    clips: Sequence[ClipPlan],
    pairs: Pairs,
    progress: Progress | None,
) -> None:
    for number, _ in enumerate(render_clips(root, clips, pairs), 1):
        if progress:
            progress(number, len(clips))


def apportion(
    shares: Mapping[str, int],
    total: int,
    at_least: int,
    pairs: Pairs = (),
) -> dict[str, int]:
    """Return about `total` clips split as `shares` are.

    A class gets no fewer than `at_least`, and one of a temporal pair no fewer than `PAIRED`.
    """
    whole = sum(shares.values())
    least = dict.fromkeys(shares, at_least) | {name: PAIRED for pair in pairs for name in pair}
    return {name: max(least[name], round(total * share / whole)) for name, share in shares.items()}


def shuffled_labels(counts: Mapping[str, int], *name: object) -> list[str]:
    """Return every class as often as `counts` says, in random order."""
    labels = [label for label, count in counts.items() for _ in range(count)]
    return [labels[index] for index in generator("order", *name).permutation(len(labels))]


def shown(
    label: str,
    classes: Sequence[str],
    *name: object,
) -> str:
    """Return the class that a clip labelled `label` shows: a few labels are wrong."""
    rng = generator("label", *name)
    others = [other for other in classes if other != label]
    return others[rng.integers(len(others))] if rng.uniform() < WRONG_LABELS else label

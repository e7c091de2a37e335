"""Equal frames in train and test, found by a perceptual hash that survives another compression or size.

A difference hash needs a thumbnail and one comparison, and JPEG files give thumbnails without being decoded whole; the
libraries for it decode every image in full. What is hard is to compare a million frames, which they leave to the user.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from harness.core.dataset_spec import Problem, Sample
from harness.core.errors import BadSample
from harness.core.text import and_more
from harness.data.check.clip_problems import NAMED
from harness.data.check.parallel import Parallel
from harness.data.dataset import Dataset
from harness.video.decode import MAX_PIXELS, frame_files, upright
from harness.video.source import open_source

SIDE = 16  # a hash has SIDE * SIDE bits
BYTES = SIDE * SIDE // 8
NEAR = 40  # bits in which two hashes of one picture may differ: JPEG noise flips many of smooth skin
RADIUS = 12.0  # distance of its 8 x 8 thumbnails, 1.5 grey levels a cell
FLAT = 6.0  # standard deviation of grey levels below which a frame (black, faded) is like any other
AXES = 8  # of the thumbnails, along which they are searched
BLOCK = 4096  # frames looked up at a time
AT_ONCE = 16  # video frames decoded at a time
Pair = tuple[str, str]


def leak_problems(dataset: Dataset, effort: Parallel) -> list[Problem]:
    """Return pairs of a training and a test clip that show the same frame."""
    samples = [s for s in dataset.samples.values() if s.frames]
    clips: list[str] = []
    hashes: list[np.ndarray] = []
    for sample, found in effort.over(frame_hashes, samples):
        clips += [sample.id] * len(found)
        hashes.append(found)
    if not clips:
        return []
    shared = similar(clips, np.concatenate(hashes))
    problems = [
        Problem("error", "leak", f"{a} and {b} share {n} frames, one in train, one in test (folds {', '.join(folds)})")
        for (a, b), n in sorted(shared.items())
        if (folds := _apart(dataset, a, b))
    ]
    if len(problems) > NAMED:
        rest = and_more(len(problems), NAMED, "pairs of clips")
        return [*problems[:NAMED], Problem("error", "leak", rest)]
    return problems


def frame_hashes(sample: Sample) -> np.ndarray:
    """Return difference hash and 8 x 8 thumbnail (F, BYTES + 64) uint8 of each frame that can be read and
    is not flat.
    """
    found = [code for image in _thumbnails(sample) if (code := _hash(image)) is not None]
    return np.stack(found) if found else np.zeros((0, BYTES + 64), np.uint8)


def similar(clips: Sequence[str], hashes: np.ndarray) -> dict[Pair, int]:
    """Return pairs of different clips with frames alike by hash and thumbnail (N, BYTES + 64), and how many of the
    first.

    Thumbnails are looked up in a tree of their main axes. What is near in all is near along a few, so none is missed.
    """
    from scipy.spatial import cKDTree

    names, owner = np.unique(np.asarray(clips), return_inverse=True)
    if len(names) < 2:
        return {}
    bits, grey = hashes[:, :BYTES], hashes[:, BYTES:].astype(np.float32)  # (N, BYTES), (N, 64)
    axes = np.linalg.eigh(np.cov(grey, rowvar=False))[1][:, -AXES:]  # (64, AXES)
    places = (grey @ axes).astype(np.float32)
    tree = cKDTree(places)
    shared: dict[tuple[int, int], set[int]] = defaultdict(set)
    for start in range(0, len(places), BLOCK):
        found = tree.query_ball_point(places[start : start + BLOCK], RADIUS)
        for i, others in enumerate(found, start=start):
            near = np.asarray(others)
            near = near[owner[near] > owner[i]]  # each pair once, and none within a clip
            if not len(near):
                continue
            alike = np.linalg.norm(grey[near] - grey[i], axis=1) <= RADIUS
            alike &= np.unpackbits(bits[near] ^ bits[i], axis=1).sum(1) <= NEAR
            for other in np.unique(owner[near[alike]]):
                shared[int(owner[i]), int(other)].add(i)
    counts = {}
    for (a, b), frames in shared.items():
        counts[str(names[a]), str(names[b])] = len(frames)
    return counts


def _thumbnails(sample: Sample) -> Iterator[Image.Image]:
    try:
        if sample.source.is_file():
            source = open_source(sample)
            for start in range(0, source.count, AT_ONCE):
                yield from map(Image.fromarray, source.read(range(start, min(start + AT_ONCE, source.count))))
            return
        for file in frame_files(sample):
            try:
                with Image.open(file) as image:
                    if image.width * image.height <= MAX_PIXELS:
                        image.draft("L", (4 * SIDE, 4 * SIDE))
                        yield upright(image, image)
            except Exception:
                continue  # `--deep` tells what cannot be decoded
    except BadSample:
        return


def _hash(image: Image.Image) -> np.ndarray | None:
    try:
        small = image.convert("L").resize(
            (SIDE + 1, SIDE),
            Image.Resampling.BILINEAR,
            reducing_gap=2.0,
        )
    except Exception:
        return None
    grey = np.asarray(small, np.int16)
    if grey.std() < FLAT:
        return None
    thumbnail = (
        grey[:, :SIDE]
        .reshape(
            8,
            SIDE // 8,
            8,
            SIDE // 8,
        )
        .mean((1, 3))
        .astype(np.uint8)
    )
    return np.concatenate([np.packbits(grey[:, 1:] > grey[:, :-1]), thumbnail.ravel()])


def _apart(
    dataset: Dataset,
    a: str,
    b: str,
) -> list[str]:
    """Return folds in which one clip is in train and the other in test."""
    pair = {a, b}
    return [name for name, (train, test) in dataset.sides.items() if pair & train and pair & test]

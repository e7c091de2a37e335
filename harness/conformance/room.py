"""What methods are checked in: a handful of tiny clips on disk, and backbones with random weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from harness.core.backbone_spec import NONE, RANDOM, BackboneSpec
from harness.core.context import RunContext
from harness.core.dataset_spec import ClassLabel, DatasetSpec, Fold, Sample
from harness.core.metric import MetricSpec
from harness.core.registered import Registered
from harness.data.dataset import Dataset, open_dataset
from harness.models import backbone as backbones
from harness.models import weights
from harness.models.backbone import Backbone
from harness.models.spec import MethodSpec

CLASSES = (
    *("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear"),
    *("contempt", "anxiety", "helplessness", "disappointment"),
)
FEWEST = 7  # classes, as DFEW and FERV39k have them; MAFW has all eleven
TINY_CLIP = Path(__file__).with_name("tiny_clip.json")
TINY = "tiny-clip"
FRAMES, PIXELS = 12, 40  # frames enough for samplers that show one frame of a clip of nine or fewer
FOLD = "1"


def write_clips(root: Path) -> None:
    """Write 23 clips of 12 JPEG frames: a bright square on noise, whose place and way tell its class.

    The first test clip is black, since real clips are now and then.
    """
    rng = np.random.default_rng(0)
    train, test = clip_names(len(CLASSES))
    for number, (name, label) in enumerate([*train, *test]):
        folder = root / name
        folder.mkdir(parents=True)
        for frame in range(FRAMES):
            pixels = rng.integers(
                0,
                100,
                (PIXELS, PIXELS, 3),
                dtype=np.uint8,
            )
            top, left = (3 * label + number) % 28, (5 * label + (-1) ** label * 2 * frame) % 28
            pixels[top : top + 12, left : left + 12] += 150
            Image.fromarray(pixels * (name != test[0][0])).save(folder / f"{frame + 1}.jpg", quality=90)


def clip_names(classes: int) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Return ids and labels of training clips, one of each class and a second of the first, and of test clips."""
    train = [(f"{label:02d}-train", label) for label in range(classes)]
    test = [(f"{label:02d}-test", label) for label in range(classes)]
    return [*train, ("00-train-2", 0)], test


def dataset_spec(classes: int) -> DatasetSpec:
    """Return the tiny dataset with its first so many classes."""

    def load(root: Path, fold: str) -> Fold:
        train, test = ([Sample(name, root / name, label) for name, label in part] for part in clip_names(classes))
        return Fold(train, test)

    labels = tuple(ClassLabel(name, name) for name in CLASSES[:classes])
    return DatasetSpec(
        "tiny",
        "1",
        "Tiny clips",
        "TINY",
        labels,
        (FOLD,),
        load,
    )


@dataclass(frozen=True)
class Room:
    """A folder with the clips, and what else a job needs; nothing of it is the user's.

    Attributes:
        folder: of clips, features and checkpoints.
        backbones: of plugins, by name.
        metrics: by name.
    """

    folder: Path
    backbones: Mapping[str, Registered[BackboneSpec]]
    metrics: Mapping[str, MetricSpec]

    @cached_property
    def datasets(self) -> dict[int, Dataset]:
        """The clips, written when they are first asked for, by number of classes."""
        root = self.folder / "TINY"
        if not root.is_dir():
            write_clips(root)
        return {count: open_dataset(dataset_spec(count), root, self.folder / "cache") for count in (FEWEST, 11)}

    @property
    def context(self) -> RunContext:
        """Places and settings of a job."""
        out, cache = str(self.folder / "runs"), str(self.folder / "cache")
        return RunContext(
            out,
            cache,
            {"tiny": str(self.folder / "TINY")},
            {},
            save_weights=True,
        )

    def backbone(self, spec: MethodSpec) -> Backbone:
        """Return what a method runs on, with random weights: none, what a plugin builds, or a tiny CLIP.

        Raises:
            HarnessError: the plugin cannot build it.
        """
        built = spec.backbone in self.backbones and self.backbones[spec.backbone].spec.build
        if spec.backbone == NONE:
            return backbones.load(weights.resolve(NONE, {}))
        return backbones.load(weights.resolve(f"{spec.backbone}:{RANDOM}", self.backbones)) if built else tiny_clip()


def tiny_clip() -> Backbone:
    """Return a CLIP of open_clip's with two layers a tower and random weights: 32 pixels, 16 features."""
    spec = BackboneSpec(TINY, str(TINY_CLIP), RANDOM)
    return backbones.load(weights.resolve(TINY, {TINY: Registered(spec, "harness", "")}))

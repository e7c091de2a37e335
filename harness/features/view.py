"""The views of a clip that a method needs: the test view, and V augmented ones for training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

from harness.core.backbone_spec import BackboneId
from harness.core.digest import digest
from harness.core.frame_input import FrameInput

TEST = -1  # number of the first test view; the next one's is -2


@dataclass(frozen=True)
class View:
    """One way of looking at every clip of a dataset with one encoder. Its key names a folder of the feature cache."""

    fingerprint: str
    backbone: BackboneId  # whole: equal weights in another architecture, or read as another tag's, are another encoder
    input: FrameInput
    number: int  # of an augmented view, or below 0 of a test view

    @property
    def key(self) -> str:
        """Hash of everything that the features depend on."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}  # not `asdict`, which knows no later fields
        return digest(parts, 20)

    @property
    def tested(self) -> int | None:
        """Number of the test view, from 0; None of an augmented one."""
        return TEST - self.number if self.number <= TEST else None

    @classmethod
    def test(
        cls,
        fingerprint: str,
        backbone: BackboneId,
        given: FrameInput,
        number: int = 0,
    ) -> View:
        """Return an unaugmented view, the first unless told. Methods that differ only in augmentation share it."""
        plain = replace(
            given,
            augmentation=(),
            views=0,
            crop_scale=(1.0, 1.0),
            colour_jitter=(0.0,) * 4,
            rotation=0.0,
        )
        return cls(fingerprint, backbone, plain, TEST - number)

    @classmethod
    def tests(
        cls,
        fingerprint: str,
        backbone: BackboneId,
        given: FrameInput,
    ) -> Iterator[View]:
        """Return all views that clips are tested in: one, unless the frame input declares more."""
        return (cls.test(fingerprint, backbone, given, number) for number in range(given.test_views))

    @classmethod
    def training(
        cls,
        fingerprint: str,
        backbone: BackboneId,
        given: FrameInput,
    ) -> Iterator[View]:
        """Return all V augmented views; epoch e sees view e mod V."""
        plain = replace(
            given,
            views=0,
            test_clips=1,
            test_crops=1,
            test_flip=False,
        )
        return (cls(fingerprint, backbone, plain, number) for number in range(given.views))


def features_folder(cache: Path) -> Path:
    """Return where the features lie, below the folder of all caches."""
    return cache / "features"


def shard_file(
    features: Path,
    view: View,
    shard: int,
) -> Path:
    """Return where the features of one shard lie, below the folder of the cache."""
    return features / view.key / f"{shard:05d}.npy"

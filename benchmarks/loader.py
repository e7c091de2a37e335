"""Frames a second from JPEG folders to a training clip, on one process and one thread, against the usual loader.

The usual loader of this field opens each frame by Pillow, applies torchvision's transforms to it as a Pillow image,
stacks the frames and makes them float. Both ways draw one random resized crop and one flip a clip, of 16 frames of
224 pixels. Times are the processor's, so that other programs matter little; the ways take turns, and the median of
their ratios counts.

    python benchmarks/loader.py [FOLDER OF JPEG FRAMES]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import simplejpeg
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import Compose, InterpolationMode, RandomHorizontalFlip, RandomResizedCrop, ToTensor
from torchvision.transforms.v2 import functional as F

from harness import FrameInput, Sample
from harness.demo.film import Performance, film
from harness.models.weights import CLIP_MEAN, CLIP_STD
from harness.video.decode import frame_files, read_frames
from harness.video.load import load_clip, normalise

FRAMES, SIZE, CLIPS, TURNS = 16, 224, 8, 7
GIVEN = FrameInput(frames=FRAMES, size=SIZE)


def write_clip(folder: Path) -> None:
    """Synthetic faces at 224 pixels with a camera's noise, JPEG quality 90: about 10 kB a frame, as real crops have."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    faces = film(Performance("happiness", "loader", "loader"))
    for number in range(FRAMES):
        face = np.asarray(faces[number % len(faces)].resize((SIZE, SIZE), Image.Resampling.BICUBIC))
        seen = (face + rng.normal(0, 2, face.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(seen).save(folder / f"{number + 1:05d}.jpg", quality=90)


def usual(interpolation: InterpolationMode) -> Callable[[Sample, int], Tensor]:
    """Per frame, as Pillow images, by torchvision; the generator is set back, so that all frames get one crop."""
    transform = Compose([RandomResizedCrop(SIZE, interpolation=interpolation), RandomHorizontalFlip(), ToTensor()])

    def load(sample: Sample, seed: int) -> Tensor:
        frames = []
        for file in sorted(sample.source.iterdir()):
            torch.manual_seed(seed)
            frames.append(transform(Image.open(file).convert("RGB")))
        return torch.stack(frames)

    return load


def ours(sample: Sample, seed: int) -> Tensor:
    """Bytes; they become float on the device."""
    return load_clip(sample, GIVEN, seed)


def ours_float(sample: Sample, seed: int) -> Tensor:
    """The same, made float and normalised here."""
    return normalise(load_clip(sample, GIVEN, seed), CLIP_MEAN, CLIP_STD, "clip")


def parts(sample: Sample) -> dict[str, Callable[[Sample, int], object]]:
    """The steps of our way alone, and what they could be replaced by."""
    files = frame_files(sample)
    blobs = [file.read_bytes() for file in files]
    frames = torch.from_numpy(read_frames(sample, files)).permute(0, 3, 1, 2)  # (T, 3, H, W), channels last

    def crop(frames: Tensor, seed: int) -> Tensor:
        torch.manual_seed(seed)
        place = RandomResizedCrop.get_params(frames[0], (0.08, 1.0), (3 / 4, 4 / 3))
        return F.resized_crop(frames, *place, [SIZE, SIZE], InterpolationMode.BICUBIC, antialias=True)

    return {
        "JPEG decoding alone, no reading": lambda _, seed: [simplejpeg.decode_jpeg(blob) for blob in blobs],
        "JPEG decoding by Pillow": lambda _, seed: [np.asarray(Image.open(f).convert("RGB")) for f in files],
        "listing, reading, decoding, stacking": lambda s, seed: read_frames(s, frame_files(s)),
        "crop and resize, channels last": lambda _, seed: crop(frames, seed),
        "crop and resize, channels first": lambda _, seed: crop(frames.contiguous(), seed),
        "to float, normalised": lambda _, seed: normalise(frames, CLIP_MEAN, CLIP_STD, "clip"),
    }


def seconds(load: Callable[[Sample, int], object], sample: Sample) -> float:
    """Processor time of `CLIPS` clips."""
    started = time.process_time()
    for seed in range(CLIPS):
        load(sample, seed)
    return time.process_time() - started


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary) / "clip"
        if len(sys.argv) == 1:
            write_clip(folder)
        sample = Sample("clip", folder, 0)
        ways: dict[str, Callable[[Sample, int], object]] = {
            "usual loader, bilinear": usual(InterpolationMode.BILINEAR),
            "usual loader, bicubic": usual(InterpolationMode.BICUBIC),
            "harness, bytes": ours,
            "harness, float": ours_float,
            **parts(sample),
        }
        turns = [{name: seconds(way, sample) for name, way in ways.items()} for _ in range(TURNS + 1)][1:]
        times = {name: [turn[name] for turn in turns] for name in ways}
    usual_times = times["usual loader, bilinear"]
    print(f"{FRAMES} frames of {SIZE} px a clip, {torch.get_num_threads()} thread")
    for name, took in times.items():
        ratio = statistics.median(u / t for u, t in zip(usual_times, took, strict=True))
        print(f"{name:38s} {CLIPS * FRAMES / statistics.median(took):7.0f} frames/s  {ratio:5.1f} x")


if __name__ == "__main__":
    main()

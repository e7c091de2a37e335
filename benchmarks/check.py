"""`harness data check` on a tree of FERV39k's real size: 38,935 clips of 28 frames, as links to few files.

Prints the seconds of the first check, which lists every folder, and of the second, which finds them unchanged; and the
memory of a process that opens the dataset. Give a folder to keep the tree in, or it is written to a temporary one.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from harness.data.splits import scene_fifths
from harness.plugin import registry

FRAMES, FILES = 28, 8
SCENES = 22


def ids() -> list[str]:
    """As many clips of each class as the release has, spread over as many scenes."""
    spec = registry.dataset("ferv39k")
    train, test = spec.counts["1"]
    clips = []
    for label, (a, b) in zip(spec.classes, zip(train, test, strict=True), strict=True):
        for number in range(a + b):
            clips.append(f"Scene{number % SCENES:02d}/{label.word}/{number // SCENES:04d}")
    return clips


def write(root: Path) -> None:
    files = root / "files"
    files.mkdir(parents=True)
    for number in range(FILES):
        buffer = io.BytesIO()
        Image.new("RGB", (224, 224), (16 * number, 100, 100)).save(buffer, "JPEG")
        (files / f"{number}.jpg").write_bytes(buffer.getvalue())
    clips = ids()
    for clip in clips:
        folder = root / "2_ClipsforFaceCrop" / clip
        folder.mkdir(parents=True)
        for frame in range(FRAMES):
            (folder / f"{frame:05d}.jpg").symlink_to(files / f"{frame % FILES}.jpg")
    lists = root / "4_setups" / "All_scenes"
    lists.mkdir(parents=True)
    for part, side in zip(("train", "test"), scene_fifths(clips), strict=True):
        text = "".join(f"{clip} {clip.split('/')[1]}\n" for clip in side)
        (lists / f"{part}_All.csv").write_text(text)


def seconds(arguments: list[str], env: dict[str, str]) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-c", "from harness.cli import main; main()", *arguments]
    subprocess.run(command, env=env, check=False, capture_output=True)
    return time.perf_counter() - started


def measure(root: Path, cache: str) -> None:
    env = {**os.environ, "HARNESS_CACHE": cache}
    check = ["data", "check", "ferv39k", "--root", str(root), "--json"]
    start = seconds(["--version"], env)
    first, second = seconds(check, env), seconds(check, env)
    print(f"start of the program {start:.1f} s; first check {first:.1f} s; second check {second:.1f} s")
    opening = (
        "import time, resource; from pathlib import Path; from harness.plugin import registry; "
        "from harness.data.dataset import open_dataset; t = time.perf_counter(); "
        f"d = open_dataset(registry.dataset('ferv39k'), Path({str(root)!r}), Path({cache!r})); "
        "print(f'opened {len(d.samples):,} clips again in {time.perf_counter() - t:.1f} s, peak memory', "
        "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000, 'MB')"
    )
    subprocess.run([sys.executable, "-c", opening], env=env, check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(sys.argv[1] if len(sys.argv) > 1 else scratch) / "FERV39k"
        if not root.is_dir():
            write(root)
        with tempfile.TemporaryDirectory() as cache:
            measure(root, cache)


if __name__ == "__main__":
    main()

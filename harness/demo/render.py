"""Render clips in processes of their own. `python -m harness.demo.render` is one of them.

They are plain processes, so that a script may start them without a guard around its main part, and so that threads of
this process cannot hang them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

from harness.core.errors import HarnessError
from harness.demo.film import Pairs, Performance, film
from harness.demo.randomness import generator

MOST_WORKERS = 8


@dataclass(frozen=True)
class ClipPlan:
    """One clip to write: `folder` below the dataset's root, and file names by 1-based frame number."""

    folder: str
    file: str
    act: Performance


def render_clips(
    root: Path,
    clips: Sequence[ClipPlan],
    pairs: Pairs,
) -> Iterator[None]:
    """Write the frames of all clips below `root`; yield once a clip.

    Raises:
        HarnessError: a process ended before its clips were written, such as on a full disk.
    """
    count = min(MOST_WORKERS, os.cpu_count() or 1, len(clips))
    with ExitStack() as processes:
        workers = [_start(root, clips[k::count], pairs, processes) for k in range(count)]
        with DefaultSelector() as waiting:
            for worker in workers:
                waiting.register(worker.stdout, EVENT_READ, worker)  # type: ignore[arg-type]
            while waiting.get_map():
                for key, _ in waiting.select():
                    done = os.read(key.fd, 4096)  # a byte a clip
                    if not done:
                        waiting.unregister(key.fileobj)
                    yield from (None for _ in done)
        for worker in workers:
            if worker.wait():
                raise HarnessError(f"clips below {root} could not be written; the reason stands above")


def _start(
    root: Path,
    clips: Sequence[ClipPlan],
    pairs: Pairs,
    processes: ExitStack,
) -> subprocess.Popen[bytes]:
    """Start a process on its share of the clips; it is ended with the stack."""
    worker = processes.enter_context(
        subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
    )
    processes.callback(worker.kill)
    work = {
        "root": str(root),
        "pairs": list(pairs),
        "clips": [asdict(clip) for clip in clips],
    }
    assert worker.stdin is not None
    with worker.stdin as stdin:
        stdin.write(json.dumps(work).encode())
    return worker


def write_clip(
    root: Path,
    pairs: Pairs,
    clip: ClipPlan,
) -> None:
    """Write the frames of one clip; file size is drawn from the clip's own quality, whatever its class."""
    folder = root / clip.folder
    folder.mkdir(parents=True)
    quality = int(generator("quality", clip.act.seed).integers(70, 96))
    for number, frame in enumerate(film(clip.act, pairs), 1):
        path = folder / clip.file.format(number)
        if path.suffix == ".png":
            frame.save(path, compress_type=zlib.Z_HUFFMAN_ONLY)
        else:
            frame.save(path, quality=quality)


def main() -> None:
    """Write the clips that standard input names, and a byte to standard output for each."""
    work = json.load(sys.stdin)
    pairs = [tuple(pair) for pair in work["pairs"]]
    for each in work["clips"]:
        clip = ClipPlan(
            each["folder"],
            each["file"],
            Performance(**each["act"]),
        )
        write_clip(Path(work["root"]), pairs, clip)
        sys.stdout.write(".")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

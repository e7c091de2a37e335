"""Forward and backward of BiEhPro, of its visual tower and of open_clip's, on the same frames: ratios of one process.

4 clips of 8 frames, ViT-B/32 of random weights. `--compile` adds the compiled tower; `--repeats N` (default 3).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor

from harness import FrameInput, Task
from harness.cost.table import architecture
from harness.models.compile import compile_layers
from harness.models.visual_tower import VisualTower
from harness_plugins.methods.biehpro import Options
from harness_plugins.methods.biehpro.model import BiEhPro

CLIPS, FRAMES, SIZE = 4, 8, 224
CLASSES = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")


def seconds(run: Callable[[], Tensor], modules: list[torch.nn.Module]) -> float:
    for module in modules:
        module.zero_grad(set_to_none=True)
    started = time.perf_counter()
    run().square().mean().backward()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--compile", action="store_true")
    given = parser.parse_args()
    torch.manual_seed(0)
    backbone = architecture("ViT-B-32")
    stock = deepcopy(backbone.model.visual).requires_grad_(True).train()
    tower = VisualTower(backbone.model.visual).train()
    full = BiEhPro(Task(CLASSES, backbone, FrameInput(frames=FRAMES, size=SIZE)), Options()).train()
    for parameter in full.text.parameters():  # type: ignore[union-attr]
        parameter.requires_grad_(False)
    clips = torch.rand(CLIPS, FRAMES, 3, SIZE, SIZE)
    frames = clips.flatten(0, 1)
    runs: dict[str, tuple[Callable[[], Tensor], torch.nn.Module]] = {
        "open_clip's tower": (lambda: stock(frames), stock),
        "our tower": (lambda: tower(frames), tower),
        "BiEhPro": (lambda: full(clips), full),
    }
    if given.compile:
        compiled = VisualTower(backbone.model.visual).train()
        compile_layers(compiled, torch.device("cpu"))
        runs["our tower, compiled"] = (lambda: compiled(frames), compiled)
    with torch.no_grad():
        expected = stock(frames)
        for name, (run, _) in runs.items():
            if "tower" in name:
                print(f"{name}: largest difference {float((run() - expected).abs().max()):.1e}")
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(given.repeats + 1):  # taken in turns, so that a busy machine slows all alike
        for name, (run, module) in runs.items():
            taken = seconds(run, [module])
            if turn:
                times[name].append(taken)
    base = statistics.median(times["open_clip's tower"])
    print(f"threads {torch.get_num_threads()}, {CLIPS} clips x {FRAMES} frames, forward and backward")
    for name, found in times.items():
        print(f"{name}: {statistics.median(found):.2f} s, {statistics.median(found) / base:.2f} of open_clip's tower")


if __name__ == "__main__":
    main()

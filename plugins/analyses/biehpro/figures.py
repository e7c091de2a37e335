"""Figures 2 and 4 of the paper, as PNG, from finished runs that kept their weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from harness import BadData, BadOption
from harness.analysis import Run
from harness_plugins.analyses.biehpro import ClipOptions
from harness_plugins.methods.biehpro.model import BiEhPro


def similarity_histograms(
    runs: Sequence[Run],
    folder: Path,
    options: ClipOptions,
) -> list[Path]:
    """Draw Figure 2: softmax of the logits of single clips, one group of bars a class, one bar a run. One PNG."""
    rows = chosen(runs, options)
    classes = runs[0].job.protocol.classes
    figure = Figure(figsize=(9, 2.2 * len(rows)), layout="constrained")
    for axes, (clip, places) in zip(panels(figure, len(rows), 1)[:, 0], rows.items(), strict=True):
        for number, (run, place) in enumerate(zip(runs, places, strict=True)):
            scores = logits(run, place).softmax(-1).numpy()
            across = np.arange(len(classes)) + 0.8 * number / len(runs)
            axes.bar(
                across,
                scores,
                0.8 / len(runs),
                label=label(run),
            )
        axes.set_xticks(np.arange(len(classes)) + 0.4 - 0.4 / len(runs), classes)
        axes.set_title(f"{clip}: {classes[runs[0].labels[places[0]]]}", fontsize=9)
    figure.axes[0].legend(fontsize=7)
    return [saved(figure, folder / "similarity-histograms.png")]


def attention_maps(
    runs: Sequence[Run],
    folder: Path,
    options: ClipOptions,
) -> list[Path]:
    """Draw Figure 4: what the class token looks at in the last layer, mean over heads, over the frames.
    One PNG a clip.
    """
    files = []
    for clip, places in chosen(runs, options).items():
        frames = runs[0].job.input.frames
        figure = Figure(figsize=(1.3 * frames, 1.5 * len(runs)), layout="constrained")
        grid = panels(figure, len(runs), frames)
        for line, run, place in zip(grid, runs, places, strict=True):
            pixels, seen = looked_at(run, place)
            guess = run.job.protocol.classes[int(logits(run, place).argmax())]
            line[0].set_title(
                f"{label(run)}: {guess}",
                fontsize=7,
                loc="left",
            )
            for axes, picture, heat in zip(line, pixels, seen, strict=True):
                axes.imshow(picture)
                axes.imshow(heat, alpha=0.5, cmap="jet", extent=(0, picture.shape[1], picture.shape[0], 0),
                            interpolation="bilinear")  # fmt: skip
                axes.set_axis_off()
        files.append(saved(figure, folder / f"attention-{clip.replace('/', '-')}.png"))
    return files


def chosen(runs: Sequence[Run], options: ClipOptions) -> dict[str, list[int]]:
    """Return clip -> its row in each run. Raises: BadOption for a clip that a run did not test;
    BadData if none is common.
    """
    places = [{sample.id: row for row, sample in enumerate(run.samples)} for run in runs]
    common = [clip for clip in places[0] if all(clip in found for found in places)]
    if not common:
        raise BadData("these runs have no test clip in common; choose one fold with --folds")
    first = {int(runs[0].labels[places[0][clip]]): clip for clip in reversed(common)}
    wanted = options.clips or tuple(first[number] for number in sorted(first))
    for clip in wanted:
        if clip not in common:
            raise BadOption(f"clip {clip!r} was not tested by all of these runs")
    return {clip: [found[clip] for found in places] for clip in wanted}


def model(run: Run) -> BiEhPro:
    """Return the run's method."""
    method = run.method
    assert isinstance(method, BiEhPro)
    return method


def frames_of(run: Run, rows: Sequence[int]) -> Tensor:
    """Return frames (B, T, 3, S, S) of test clips, as the method sees them."""
    ((frames, _),) = run.inputs.batches(
        [list(rows)],
        0,
        run.device,
    )
    return frames


@torch.no_grad()
def logits(run: Run, row: int) -> Tensor:
    """Return logits (C,) of one clip."""
    found: Tensor = model(run)(frames_of(run, [row]))[0].float().cpu()
    return found


@torch.no_grad()
def looked_at(run: Run, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the frames of one clip as pictures (T, S, S, 3) in 0..1, and its class tokens' attention (T, h, w)."""
    frames = frames_of(run, [row])
    last: Any = model(run).visual.blocks[-1]
    seen: list[Tensor] = []
    hook = last.attn.register_forward_pre_hook(lambda _, given: seen.append(last.attn.weights(*given)))
    try:
        model(run)(frames)
    finally:
        hook.remove()
    size = int(frames.shape[-1] // model(run).visual.conv1.stride[0])
    heat = seen[0][:, 0, 1 : 1 + size * size].view(
        -1,
        size,
        size,
    )  # patches only: no class or interaction token
    pixels = frames[0].permute(
        0,
        2,
        3,
        1,
    )
    low, high = pixels.amin((1, 2), keepdim=True), pixels.amax((1, 2), keepdim=True)
    pictures = (pixels - low) / (high - low).clamp_min(1e-6)
    return pictures.cpu().numpy(), heat.cpu().numpy()


def label(run: Run) -> str:
    """Return how a figure names a run."""
    return f"{run.job.row}, fold {run.job.fold}, seed {run.job.seed}"


def panels(
    figure: Figure,
    rows: int,
    columns: int,
) -> np.ndarray:
    """Make axes (rows, columns)."""
    found: np.ndarray = figure.subplots(
        rows,
        columns,
        squeeze=False,
    )
    return found


def saved(figure: Figure, path: Path) -> Path:
    """Write a PNG, without a display."""
    FigureCanvasAgg(figure).print_figure(path, dpi=110)
    return path

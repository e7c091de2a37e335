"""t-SNE of clip and class features, before and after training (A3lign-DFER, Fig. 4; BiEhPro, Fig. 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import AnalysisSpec, HarnessError, hookimpl, option
from harness.analysis import safe_name

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from harness import Method
    from harness.analysis import Run

TIMES = ("before", "after")


@dataclass(frozen=True)
class Options:
    """Options of `tsne`."""

    perplexity: float = option(30.0, "of t-SNE; lowered where there are few clips", minimum=1)
    seed: int = option(0, "of t-SNE")


def features(run: Run, method: Method) -> tuple[np.ndarray, np.ndarray]:
    """Return clip features (N, D) and class features (C, D) of unit length. Raises:
    HarnessError if a method has none.
    """
    import numpy as np
    import torch
    from torch.nn import functional as F

    video: list[Any] = []
    aligned: Any = getattr(method, "aligned", None)
    if aligned is None:
        raise HarnessError(f"{run.job.method} has no features of clips and classes in one space: no `aligned` method")
    count = len(run.samples)
    rows = [range(start, min(start + 64, count)) for start in range(0, count, 64)]
    with torch.no_grad():
        for inputs, _ in run.inputs.batches(rows, 0, run.device):
            clips, text = aligned(inputs)
            video.append(F.normalize(clips, dim=-1).cpu().numpy())
    return np.concatenate(video), F.normalize(text, dim=-1).cpu().numpy()


def embedded(
    run: Run,
    method: Method,
    options: Options,
) -> pd.DataFrame:
    """Return coordinates x and y of every clip and class."""
    import numpy as np
    import pandas as pd
    from sklearn.manifold import TSNE

    video, text = features(run, method)
    points = np.concatenate([video, text])
    perplexity = min(options.perplexity, (len(points) - 1) / 3)
    places = TSNE(perplexity=perplexity, init="pca", random_state=options.seed).fit_transform(points)
    words = np.array(run.job.protocol.classes, dtype=object)
    return pd.DataFrame(
        {
            "kind": ["video"] * len(video) + ["text"] * len(text),
            "sample_id": [*(sample.id for sample in run.samples), *[""] * len(text)],
            "class": [*words[run.labels], *words[: len(text)]],
            "x": places[:, 0],
            "y": places[:, 1],
        }
    )


def tsne(
    runs: Sequence[Run],
    folder: Path,
    options: Options,
) -> list[Path]:
    """Write a picture and the coordinates of each run."""
    import pandas as pd

    files = []
    for run in runs:
        parts = [embedded(run, method, options) for method in (run.untrained, run.method)]
        timed = [part.assign(time=time) for part, time in zip(parts, TIMES, strict=True)]
        frame = pd.concat(timed, ignore_index=True)
        job = run.job
        name = safe_name(f"{job.dataset}-{job.row}-{job.fold}-s{job.seed}-{job.id}")
        frame.to_parquet(folder / f"{name}.parquet")
        draw(frame, job.protocol.classes, folder / f"{name}.png")
        files += [folder / f"{name}.png", folder / f"{name}.parquet"]
    return files


def draw(
    frame: pd.DataFrame,
    classes: Sequence[str],
    path: Path,
) -> None:
    """Draw clips as dots and classes as stars, before and after training."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), layout="constrained")
    colours = mpl.colormaps["tab20"].colors  # type: ignore[attr-defined]
    for axes, time in zip(figure.subplots(1, 2), TIMES, strict=True):
        for number, name in enumerate(classes):
            own = frame[(frame["time"] == time) & (frame["class"] == name)]
            for kind, marker, size in (("video", "o", 12), ("text", "*", 220)):
                part = own[own["kind"] == kind]
                label = name if kind == "video" else None
                axes.scatter(
                    part["x"], part["y"], s=size, marker=marker, color=colours[number % 20], label=label,
                    edgecolors="black" if kind == "text" else "none", linewidths=0.8,
                )  # fmt: skip
        axes.set(
            title=f"{time} training",
            xticks=[],
            yticks=[],
        )
    figure.axes[-1].legend(
        loc="center left",
        bbox_to_anchor=(1, 0.5),
        frameon=False,
    )
    figure.savefig(path, dpi=120)


@hookimpl
def register_analyses() -> list[AnalysisSpec]:
    """Offer Fig. 4, for every method with clips and classes in one space."""
    return [
        AnalysisSpec(
            "tsne",
            tsne,
            Options,
            summary="t-SNE of clip and class features before and after training, as PNG and coordinates.",
            paper="A3lign-DFER paper, Fig. 4; BiEhPro paper, Fig. 5",
        )
    ]

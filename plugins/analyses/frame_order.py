"""Whether a method uses the order of frames: test clips in order, shuffled, reversed, and as one frame repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import AnalysisSpec, Sample, hookimpl, option
from harness.analysis import AlteredInputs

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from torch import Tensor

    from harness.analysis import Inputs, Run

ORDERS = ("normal", "shuffled", "reversed", "repeated")
DASH = "\N{EN DASH}"
FIGURES = {"war": "WAR", "uar": "UAR", "pairs": "Pairs"}


@dataclass(frozen=True)
class Options:
    """Options of `frame-order`."""

    seed: int = option(0, "of the shuffling; each clip has an order of its own")
    resamples: int = option(5000, "bootstrap samples of test clips", minimum=100)


class Reordered(AlteredInputs):
    """Inputs with the frames of each clip in another order; a clip's order depends on its id alone."""

    def __init__(
        self,
        inputs: Inputs,
        order: str,
        seed: int,
    ) -> None:
        super().__init__(inputs)
        self.order = order
        self.seed = seed

    def alter(self, clips: Tensor, samples: Sequence[Sample]) -> Tensor:
        """Return inputs (B, T, ...) with each clip in its order."""
        import torch

        index = [self.frames(sample.id, clips.shape[1]) for sample in samples]
        return torch.stack([clip[order] for clip, order in zip(clips, index, strict=True)])

    def frames(
        self,
        sample_id: str,
        count: int,
    ) -> list[int]:
        """Return the frames of a clip in their new order; `repeated` is the middle one."""
        import numpy as np

        from harness import seed_of  # brings torch

        if self.order == "shuffled":
            rng = np.random.default_rng(seed_of("frame-order", self.seed, sample_id))
            return [int(frame) for frame in rng.permutation(count)]
        if self.order == "repeated":
            return [count // 2] * count
        return list(range(count))[:: -1 if self.order == "reversed" else 1]


def predictions(run: Run, options: Options) -> pd.DataFrame:
    """Return one row a test clip: its label, what is predicted in each order,
    and whether it is told from its pair's other.
    """
    import pandas as pd

    from harness.analysis import predict

    job = run.job
    other = paired_with(run)
    frame = pd.DataFrame({"sample_id": [s.id for s in run.samples], "label": run.labels})
    for order in ORDERS:
        logits = predict(
            run.method,
            Reordered(run.inputs, order, options.seed),
            run.device,
        )
        frame[order] = logits.argmax(axis=1)
        frame[f"{order}_pair"] = told_apart(logits, run.labels, other)
    return frame.assign(
        dataset=job.dataset,
        method=job.row,
        fold=job.fold,
        seed=job.seed,
    )


def paired_with(run: Run) -> dict[int, int]:
    """Return class -> the class that only time separates it from; none on real data, where no pair is so."""
    from harness.plugin import dataset

    place = run.job.protocol.classes.index
    pairs = dataset(run.job.dataset).temporal_pairs if run.result["demo"] else ()
    return {place(one): place(two) for pair in pairs for one, two in (pair, pair[::-1])}


def told_apart(
    logits: np.ndarray,
    labels: np.ndarray,
    other: dict[int, int],
) -> np.ndarray:
    """Return (N,) 1 where a clip's class has a larger logit than the other of its pair, 0 where not,
    NaN without a pair.
    """
    import numpy as np

    rivals = [other.get(int(label), -1) for label in labels]
    clips = np.arange(len(labels))
    ahead = logits[clips, labels] > logits[clips, rivals]
    return np.where(
        np.array(rivals) < 0,
        np.nan,
        ahead,
    )


def changes(clips: pd.DataFrame, options: Options) -> list[dict[str, Any]]:
    """Return figures of each order and their change from `normal`, in points, with paired 95 % intervals.

    `war` and `uar`, and on the demo `pairs`: the share of the clips of a temporal pair that are told from the other
    class of the pair, of which chance gets half.
    """
    from harness.analysis import Outcomes, percentiles, recalls, resample_uar, resample_war

    by_clip = clips.assign(**{order: clips[order] == clips["label"] for order in ORDERS})
    by_clip = by_clip.groupby("sample_id").mean(numeric_only=True)  # over seeds; a clip is tested in one fold
    outcomes = Outcomes(by_clip["label"].to_numpy(dtype=int), by_clip[list(ORDERS)].to_numpy(dtype=float))
    found = {
        "war": (outcomes.right.mean(axis=0), resample_war(outcomes, options.resamples)),
        "uar": (recalls(outcomes.labels, outcomes.right).mean(axis=0), resample_uar(outcomes, options.resamples)),
    }
    paired = by_clip.dropna()
    if len(paired):
        told = Outcomes(
            paired["label"].to_numpy(dtype=int), paired[[f"{order}_pair" for order in ORDERS]].to_numpy(dtype=float)
        )
        found["pairs"] = (told.right.mean(axis=0), resample_war(told, options.resamples))
    rows = []
    for number, order in enumerate(ORDERS):
        row: dict[str, Any] = {"order": order, "clips": len(by_clip)}
        for name, (values, samples) in found.items():
            low, high = percentiles(samples[:, number] - samples[:, 0])
            row[name] = float(values[number]) * 100
            row[f"{name}_change"] = float(values[number] - values[0]) * 100
            row[f"{name}_low"], row[f"{name}_high"] = float(low) * 100, float(high) * 100
        rows.append(row)
    return rows


def frame_order(
    runs: Sequence[Run],
    folder: Path,
    options: Options,
) -> list[Path]:
    """Write the predictions and the changes as parquet, and a table; folds are pooled and seeds averaged."""
    import pandas as pd
    from tabulate import tabulate

    from harness.analysis import markdown

    # Every clip in every order, and the figures of each method.
    clips = pd.concat([predictions(run, options) for run in runs], ignore_index=True)
    rows = []
    for (dataset, method), part in clips.groupby(["dataset", "method"], sort=False):
        rows += [{"dataset": str(dataset), "method": str(method), **row} for row in changes(part, options)]
    files = [folder / name for name in ("predictions.parquet", "frame-order.parquet", "frame-order.md")]
    clips.to_parquet(files[0])
    pd.DataFrame(rows).to_parquet(files[1])

    # The table, with the columns that some row has.
    figures = [name for name in FIGURES if any(name in row for row in rows)]
    head = [
        "Dataset",
        "Method",
        "Test frames",
        *(FIGURES[name] for name in figures),
    ]
    body = []
    for row in rows:
        values = [_cell(row, name) for name in figures]
        body.append([markdown(row["dataset"]), markdown(row["method"]), row["order"], *values])
    text = tabulate(body, head, tablefmt="github", disable_numparse=True)
    notes = ["In brackets: change in points from the normal order, paired 95 % interval."]
    if "pairs" in figures:
        notes.append(
            "Synthetic demo data. Pairs: share of the clips of a temporal pair that are told from the other class of "
            "the pair; 50 is chance."
        )
    files[2].write_text("\n\n".join([text, *notes]) + "\n")
    return files


def _cell(row: dict[str, Any], name: str) -> str:
    if name not in row:
        return DASH
    if row["order"] == "normal":
        return f"{row[name]:.2f}"
    change, low, high = (row[f"{name}_{part}"] for part in ("change", "low", "high"))
    return f"{row[name]:.2f} ({change:+.2f}; {low:+.2f} to {high:+.2f})"


@hookimpl
def register_analyses() -> list[AnalysisSpec]:
    """Offer Table 5 of the A3lign-DFER paper, for every method."""
    return [
        AnalysisSpec(
            "frame-order",
            frame_order,
            Options,
            summary="Test clips in order, shuffled, reversed, and as one frame repeated; change in WAR and UAR.",
            paper="A3lign-DFER paper, Table 5",
        )
    ]

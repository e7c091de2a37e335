"""The clips that methods miss together: which, how often, and how difficulty goes with class and length."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import AnalysisSpec, HarnessError, hookimpl, option

if TYPE_CHECKING:
    import pandas as pd

    from harness.analysis import Difficulty, Run

COLUMNS = ("sample_id", "label", "prediction", "frames")  # of predictions; those of older runs have no frames
CLIP = ["fold", "sample_id"]
CELL = [*CLIP, "row"]
SHOWN = {
    "fold": "Fold",
    "sample_id": "Clip",
    "label": "Label",
    "frames": "Frames",
    "share": "Right (%)",
    "never": "Methods that never are right",
    "named": "Mostly named",
}


@dataclass(frozen=True)
class Options:
    """Options of `hard-clips`."""

    shown: int = option(
        30,
        "clips named in the Markdown; the Parquet file has all",
        minimum=1,
    )


def long_form(runs: Sequence[Run]) -> pd.DataFrame:
    """Return one line a run and test clip: row, seed, fold, clip, label, prediction and frames."""
    import pandas as pd

    named = names_of_rows(runs)
    tables = []
    for run in runs:
        table = run.predictions
        columns = [name for name in COLUMNS if name in table]
        row = named[identity(run)]
        tables.append(table[columns].assign(row=row, seed=run.job.seed, fold=run.job.fold))
    return pd.concat(tables, ignore_index=True)


def identity(run: Run) -> str:
    """Return what runs of one row share and runs of two do not, as text."""
    result = run.result
    facts = [result.get(name) for name in ("method", "variant", "options", "input", "plugin", "backbone")]
    return json.dumps(facts, sort_keys=True, default=str)


def names_of_rows(runs: Sequence[Run]) -> dict[str, str]:
    """Return a name for each row, by its identity: its method or variant and its backbone, numbered where that is not
    enough.
    """
    rows: dict[str, list[str]] = {}
    for run in runs:
        backbone = run.result["backbone"]["name"]
        name = run.job.row if backbone == "none" else f"{run.job.row} ({backbone})"
        alike = rows.setdefault(name, [])
        if identity(run) not in alike:
            alike.append(identity(run))
    named = {}
    for name, alike in rows.items():
        for number, key in enumerate(alike, 1):
            named[key] = f"{name}, settings {number}" if len(alike) > 1 else name
    return named


def difficulty(table: pd.DataFrame, classes: Sequence[str]) -> tuple[pd.DataFrame, list[str], Difficulty]:
    """Return the clips that every row predicted (a line each, with fold, clip, label and frames), the rows, and what
    the rows made of them.

    Raises:
        HarnessError: no clip was predicted by every row.
    """
    import numpy as np

    from harness.analysis import Difficulty

    codes = {name: code for code, name in enumerate(classes)}
    guesses = table["prediction"].map(codes)
    table = table.assign(right=(table["label"] == table["prediction"]).astype(float), guess=guesses)
    right = table.groupby(CELL)["right"].mean().unstack("row").dropna()
    if right.empty:
        raise HarnessError("no test clip was predicted by every row; choose rows on the same folds with --methods")

    # What most seeds of a row name, the first class of equals.
    votes = table.groupby([*CELL, "guess"]).size().reset_index(name="votes")
    votes = votes.sort_values(["votes", "guess"], ascending=[False, True])
    most = votes.drop_duplicates(CELL).set_index(CELL)["guess"].unstack("row")

    first = table.drop_duplicates(CLIP).set_index(CLIP).loc[right.index]
    frames = first["frames"].to_numpy() if "frames" in first else np.zeros(len(first), dtype=int)
    made = Difficulty(
        labels=first["label"].map(codes).to_numpy(),
        frames=frames,
        right=right.to_numpy(),
        guesses=most.loc[right.index].to_numpy().astype(int),
        classes=classes,
    )
    clips = first.reset_index()[[*CLIP, "label"]].assign(frames=frames)
    return clips, [str(name) for name in right.columns], made


def clip_table(
    clips: pd.DataFrame,
    rows: Sequence[str],
    made: Difficulty,
) -> pd.DataFrame:
    """Return every clip, the hardest first: the share of methods that get it right, how many never do, and what most
    say instead.
    """
    classes = list(made.classes)
    order = made.hardest()
    table = clips.assign(
        share=made.share,
        methods=len(rows),
        never=(made.right == 0).sum(1),
        named=[classes[code] for code in made.usual],
    )
    return table.iloc[order].reset_index(drop=True)


def run(
    runs: Sequence[Run],
    folder: Path,
    options: Options,
) -> list[Path]:
    """Write a table of all clips and a page for each dataset and protocol; return the files."""
    from harness.analysis import safe_name

    groups: dict[tuple[str, str], list[Run]] = {}
    for item in runs:
        groups.setdefault((item.job.dataset, item.result["protocol_hash"]), []).append(item)
    files = []
    for (dataset, protocol), members in groups.items():
        clips, rows, made = difficulty(long_form(members), members[0].result["classes"])
        table = clip_table(clips, rows, made)
        parquet = folder / f"{safe_name(dataset)}-{protocol}.parquet"
        table.to_parquet(parquet)
        page = parquet.with_suffix(".md")
        title = f"{dataset}, protocol {protocol}"
        page.write_text(_page(title, table.head(options.shown), rows, made), encoding="utf-8")
        files += [parquet, page]
    return files


def _page(
    title: str,
    hardest: pd.DataFrame,
    rows: Sequence[str],
    made: Difficulty,
) -> str:
    from harness.analysis import markdown, mean_agreement

    agreement = made.agreement()
    mean = mean_agreement(agreement)
    never, clips = int(made.never.sum()), len(made.labels)
    counted = f"{never} of {clips} clips are named rightly by no seed of {len(rows)} methods."
    parts = [f"# Hard clips: {markdown(title)}", counted]

    # The clips, then what they are like.
    parts.append(_table(list(SHOWN.values()), hardest[list(SHOWN)].to_numpy().tolist()))
    for name, found in (("Class", made.by_class()), ("Length", made.by_length())):
        lines = [[part.name, part.clips, part.right, part.never] for part in found]
        parts.append(_table([name, "Clips", "Right (%)", "Never right"], lines))

    # How alike the methods are.
    if mean is not None:
        parts.append(f"Two methods name the same class for {mean * 100:.1f} % of clips.")
        others = (agreement.sum(1) - 1) / (len(rows) - 1)
        lines = [[row, float(share)] for row, share in zip(rows, others, strict=True)]
        parts.append(_table(["Method", "Agrees with the others (%)"], lines))
    return "\n\n".join(parts) + "\n"


def _table(titles: Sequence[str], lines: Iterable[Iterable[Any]]) -> str:
    shown = [list(map(_shown, line)) for line in lines]
    ruled = [list(titles), ["---"] * len(titles), *shown]
    return "\n".join("| " + " | ".join(line) + " |" for line in ruled)


def _shown(cell: object) -> str:
    """Return a share in percent, anything else as Markdown that shows it as it is."""
    from harness.analysis import markdown

    return f"{cell * 100:.1f}" if isinstance(cell, float) else markdown(str(cell))


@hookimpl
def register_analyses() -> list[AnalysisSpec]:
    """Offer `hard-clips`, which needs predictions alone: no weights, no data."""
    summary = "Clips that methods miss together, agreement, and difficulty by class and length; needs no weights."
    return [AnalysisSpec("hard-clips", "harness_plugins.analyses.hard_clips:run", Options, summary=summary)]

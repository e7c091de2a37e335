"""A one-file plugin with studies and an analysis on the toy dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import AnalysisSpec, StudyColumn, StudyRow, StudySpec, hookimpl, option, score_columns
from harness.analysis.finished import FinishedRun

ROWS = (
    StudyRow(("reported", "no"), (50.0, 40.0), note="from the paper"),
    StudyRow(("as it is", "yes"), (None, 41.5), method="linear"),
    StudyRow(("slow", "yes"), (61.0, 60.25), method="linear", variant="slow", set={"learning_rate": 0.001}),
    StudyRow(("not here | yet", "no"), method="nobodys", variant="x", set={"a": 1}),
)


def size(row: StudyRow) -> Mapping[str, float]:
    return {"letters": float(len(row.labels[0]))}


@hookimpl
def register_studies() -> list[StudySpec]:
    letters = StudySpec(
        "letters", "Lengths", "Table 2", ("Row",), (StudyColumn("Letters", "", "letters", 1),),
        (StudyRow(("abc",), (3.0,)), StudyRow(("defgh",), (4.0,))), compute=size,
    )  # fmt: skip
    return [StudySpec("toy-table", "Toy", "Toy paper, Table 1", ("Row", "Run"), score_columns("toy"), ROWS), letters]


@dataclass(frozen=True)
class Options:
    """Options of `names`."""

    ending: str = option("!", "what every line ends with")


def names(runs: Sequence[FinishedRun], folder: Path, options: Options) -> list[Path]:
    path = folder / "names.md"
    path.write_text("\n".join(run.job.row + options.ending for run in runs))
    return [path]


@hookimpl
def register_analyses() -> list[AnalysisSpec]:
    return [AnalysisSpec("names", names, Options, ("linear", "coop"), "Names of runs.")]

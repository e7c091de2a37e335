"""Studies and analyses as plugins offer them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness.core.options import NoOptions

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import torch

    from harness.core.context import RunContext
    from harness.core.dataset_spec import Sample
    from harness.core.job import JobSpec
    from harness.data.dataset import Dataset
    from harness.models.backbone import Backbone
    from harness.models.inputs import Inputs
    from harness.models.method import Method, Task


@dataclass(frozen=True)
class StudyColumn:
    """One column of numbers.

    Attributes:
        title: as printed, e.g. "WAR".
        dataset: whose results hold the figure; empty: `StudySpec.compute` gives it.
        figure: a metric ("war", in percent), "cost.NAME" of `result.json`, or a key of what `compute` returns.
        digits: after the decimal point.
    """

    title: str
    dataset: str = ""
    figure: str = "war"
    digits: int = 2


@dataclass(frozen=True)
class StudyRow:
    """One line of the table.

    Attributes:
        labels: what stands left of the numbers, one for each of `StudySpec.labels`.
        printed: the paper's number in each column (WAR and UAR in percent), None where it prints none.
        method: what runs; empty: the row is only reported.
        variant: the name of its leaderboard row; empty: the method as it is, with nothing in `set`.
        set: options, as in a bench file's `[[variant]]`.
        backbone: of this row, as `--backbone` takes it, or "paper"; empty: the run's.
        recipe: one of the method's named sets of options; `set` is laid over it.
        note: what a reader has to know of the row.
        facts: whatever `StudySpec.compute` needs to know of the row.
        against: labels of the row that the paper holds it against: it claims a difference, and the study tests one.
        gain: the difference that the paper prints in each column; left out: that of its numbers.
    """

    labels: tuple[str, ...]
    printed: tuple[float | None, ...] = ()
    method: str = ""
    variant: str = ""
    set: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    backbone: str = ""
    recipe: str = ""
    against: tuple[str, ...] = ()
    gain: tuple[float | None, ...] = ()

    @property
    def own(self) -> dict[str, Any]:
        """What the row asks for beside its method: options, backbone and recipe, as far as it does."""
        asked = {
            "set": dict(self.set),
            "backbone": self.backbone,
            "recipe": self.recipe,
        }
        return {name: value for name, value in asked.items() if value}

    @property
    def key(self) -> tuple[str, str]:
        """What the jobs of the row are known by."""
        return self.method, self.variant


@dataclass(frozen=True)
class StudySpec:
    """A printed table as a bench: `harness study NAME` runs its rows as variants and shows them beside the paper's.

    Attributes:
        name: as on the command line, e.g. "a3lign-table3".
        title: what the table is about.
        paper: where it is printed, with the table's number.
        labels: headings of the columns left of the numbers.
        columns: the numbers.
        rows: the lines.
        compute: gives the figures of a row that need no run, by name; a function of the row, or "module:function".
    """

    name: str
    title: str
    paper: str
    labels: tuple[str, ...]
    columns: tuple[StudyColumn, ...]
    rows: tuple[StudyRow, ...]
    compute: str | Callable[[StudyRow], Mapping[str, float]] = ""

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that the rows are run on."""
        return tuple(dict.fromkeys(column.dataset for column in self.columns if column.dataset))


def score_columns(*datasets: str) -> tuple[StudyColumn, ...]:
    """Return columns WAR and UAR of each dataset, in the order of most papers."""
    return tuple(StudyColumn(name.upper(), dataset, name) for dataset in datasets for name in ("war", "uar"))


class Run(Protocol):
    """A finished run as an analysis sees it: `harness.analysis.FinishedRun`, loaded as it is asked for."""

    result: Mapping[str, Any]
    folder: Path
    job: JobSpec
    context: RunContext
    device: torch.device

    @property
    def task(self) -> Task:
        """What the method was built for, with the run's backbone."""

    @property
    def backbone(self) -> Backbone:
        """The backbone with the run's weights."""

    @property
    def dataset(self) -> Dataset:
        """The dataset as the run saw it."""

    @property
    def method(self) -> Method:
        """The trained method, in evaluation mode."""

    @property
    def untrained(self) -> Method:
        """The method as it was before training."""

    @property
    def samples(self) -> Sequence[Sample]:
        """The test clips that were scored."""

    @property
    def labels(self) -> np.ndarray:
        """(N,) index of the class of each of them."""

    @property
    def inputs(self) -> Inputs:
        """What the method sees of them."""

    @property
    def predictions(self) -> pd.DataFrame:
        """What the run itself predicted."""


Analyse = Callable[[Sequence[Run], Path, Any], Sequence[Path]]


@dataclass(frozen=True)
class AnalysisSpec:
    """An analysis: `harness analyze NAME --runs R`.

    Attributes:
        name: as on the command line, e.g. "frame-order".
        run: `run(runs, folder, options)` writes files (parquet, PNG, Markdown) into the folder and returns their
            paths; or "module:function", so that listing imports no torch.
        options: a frozen dataclass of typed options, set by `--set NAME.OPTION=VALUE`.
        methods: the methods it can be applied to; none: all.
        summary: one line for `harness list`.
        paper: what it reproduces.
    """

    name: str
    run: str | Analyse
    options: type = NoOptions
    methods: tuple[str, ...] = ()
    summary: str = ""
    paper: str = ""

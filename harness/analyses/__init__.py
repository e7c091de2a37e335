"""What an analysis is: something computed from finished runs and their weights. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.specs import NoOptions

if TYPE_CHECKING:
    from harness.analyses.finished import FinishedRun

Analyse = Callable[["Sequence[FinishedRun]", Path, Any], Sequence[Path]]


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

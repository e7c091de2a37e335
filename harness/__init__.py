"""Everything a plugin author and a notebook need; the rest of the package is internal.

Nothing here imports torch, open_clip or ray until it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from harness.analyses import AnalysisSpec
from harness.errors import BadData, BadSample, HarnessError
from harness.hookspecs import hookimpl
from harness.options import option
from harness.specs import (
    BackboneSpec,
    ClassLabel,
    DatasetSpec,
    Fold,
    FrameInput,
    JobSpec,
    MethodSpec,
    MetricSpec,
    Predictions,
    Sample,
    Schedule,
    Stage,
)
from harness.studies import StudyColumn, StudyRow, StudySpec, score_columns

if TYPE_CHECKING:
    from harness.api import Results, bench
    from harness.method import Method, Task

__version__ = "0.1.0"

_LAZY = {
    "Method": "harness.method",
    "Task": "harness.method",
    "Results": "harness.api",
    "bench": "harness.api",
}

__all__ = [
    "AnalysisSpec",
    "BackboneSpec",
    "BadData",
    "BadSample",
    "ClassLabel",
    "DatasetSpec",
    "Fold",
    "FrameInput",
    "HarnessError",
    "JobSpec",
    "Method",
    "MethodSpec",
    "MetricSpec",
    "Predictions",
    "Results",
    "Sample",
    "Schedule",
    "Stage",
    "StudyColumn",
    "StudyRow",
    "StudySpec",
    "Task",
    "bench",
    "hookimpl",
    "option",
    "score_columns",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'harness' has no attribute {name!r}")

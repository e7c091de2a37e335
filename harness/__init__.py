"""Everything a plugin author and a notebook need. Plugins find more in the faces `harness.models`, `harness.data`,
`harness.demo`, `harness.cost`, `harness.plugin` and `harness.analysis`; the rest of the package is internal.

Nothing here imports torch, open_clip or ray until it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.backbone_spec import BackboneSpec
from harness.core.context import RunContext
from harness.core.dataset_spec import ClassLabel, DatasetSpec, Fold, Inventory, Problem, Sample
from harness.core.errors import BadData, BadOption, BadSample, HarnessError
from harness.core.frame_input import FrameInput
from harness.core.job import JobSpec
from harness.core.lazy import hand_on
from harness.core.metric import Interval, MetricSpec, Predictions
from harness.core.moved import answer_moved_modules
from harness.core.options import option
from harness.core.recipe import Schedule, Stage, layer_decay
from harness.core.sampler_spec import AugmentationSpec, SamplerSpec
from harness.core.version import __version__ as __version__
from harness.core.weights_spec import WeightsSpec
from harness.models.spec import MethodSpec
from harness.plugin.hookspecs import hookimpl
from harness.plugin.specs import AnalysisSpec, StudyColumn, StudyRow, StudySpec, score_columns

if TYPE_CHECKING:
    from harness.api import Results, bench
    from harness.models.method import Method, Task
    from harness.system.seeds import seed_of


_LAZY = {
    "Method": "harness.models.method",
    "Task": "harness.models.method",
    "Results": "harness.api",
    "bench": "harness.api",
    "seed_of": "harness.system.seeds",
}

__all__ = [
    "AnalysisSpec",
    "AugmentationSpec",
    "BackboneSpec",
    "BadData",
    "BadOption",
    "BadSample",
    "ClassLabel",
    "DatasetSpec",
    "Fold",
    "FrameInput",
    "HarnessError",
    "Interval",
    "Inventory",
    "JobSpec",
    "Method",
    "MethodSpec",
    "MetricSpec",
    "Predictions",
    "Problem",
    "Results",
    "RunContext",
    "Sample",
    "SamplerSpec",
    "Schedule",
    "Stage",
    "StudyColumn",
    "StudyRow",
    "StudySpec",
    "Task",
    "WeightsSpec",
    "bench",
    "hookimpl",
    "layer_decay",
    "option",
    "score_columns",
    "seed_of",
]

__getattr__ = hand_on(__name__, _LAZY)
answer_moved_modules()

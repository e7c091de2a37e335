"""Everything a plugin author and a notebook need. Plugins find more in the faces `harness.models`, `harness.data`,
`harness.demo`, `harness.cost`, `harness.plugin` and `harness.analysis`; the rest of the package is internal.

Nothing here is imported until it is used: neither torch, open_clip and ray nor the rest, so that the command line
listens to signals from its first moment on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.lazy import hand_on
from harness.core.moved import answer_moved_modules

if TYPE_CHECKING:
    from harness.api import Results, bench
    from harness.core.backbone_spec import BackboneSpec
    from harness.core.context import RunContext
    from harness.core.dataset_spec import ClassLabel, DatasetSpec, Fold, Inventory, Problem, Sample
    from harness.core.errors import BadData, BadOption, BadSample, HarnessError
    from harness.core.frame_input import FrameInput
    from harness.core.job import JobSpec
    from harness.core.metric import Interval, MetricSpec, Predictions
    from harness.core.options import option
    from harness.core.public_keys import PublicKeys
    from harness.core.recipe import Schedule, Stage, equal_macs, layer_decay
    from harness.core.sampler_spec import AugmentationSpec, SamplerSpec
    from harness.core.version import __version__ as __version__
    from harness.core.weights_spec import WeightsSpec
    from harness.models.method import Method, Task
    from harness.models.spec import MethodSpec
    from harness.plugin.hookspecs import hookimpl
    from harness.plugin.specs import AnalysisSpec, StudyColumn, StudyRow, StudySpec, score_columns
    from harness.system.seeds import seed_of


_HOMES = {
    "AnalysisSpec": "harness.plugin.specs",
    "AugmentationSpec": "harness.core.sampler_spec",
    "BackboneSpec": "harness.core.backbone_spec",
    "BadData": "harness.core.errors",
    "BadOption": "harness.core.errors",
    "BadSample": "harness.core.errors",
    "ClassLabel": "harness.core.dataset_spec",
    "DatasetSpec": "harness.core.dataset_spec",
    "Fold": "harness.core.dataset_spec",
    "FrameInput": "harness.core.frame_input",
    "HarnessError": "harness.core.errors",
    "Interval": "harness.core.metric",
    "Inventory": "harness.core.dataset_spec",
    "JobSpec": "harness.core.job",
    "Method": "harness.models.method",
    "MethodSpec": "harness.models.spec",
    "MetricSpec": "harness.core.metric",
    "Predictions": "harness.core.metric",
    "Problem": "harness.core.dataset_spec",
    "PublicKeys": "harness.core.public_keys",
    "Results": "harness.api",
    "RunContext": "harness.core.context",
    "Sample": "harness.core.dataset_spec",
    "SamplerSpec": "harness.core.sampler_spec",
    "Schedule": "harness.core.recipe",
    "Stage": "harness.core.recipe",
    "StudyColumn": "harness.plugin.specs",
    "StudyRow": "harness.plugin.specs",
    "StudySpec": "harness.plugin.specs",
    "Task": "harness.models.method",
    "WeightsSpec": "harness.core.weights_spec",
    "__version__": "harness.core.version",
    "bench": "harness.api",
    "equal_macs": "harness.core.recipe",
    "hookimpl": "harness.plugin.hookspecs",
    "layer_decay": "harness.core.recipe",
    "option": "harness.core.options",
    "score_columns": "harness.plugin.specs",
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
    "PublicKeys",
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
    "equal_macs",
    "hookimpl",
    "layer_decay",
    "option",
    "score_columns",
    "seed_of",
]

__getattr__ = hand_on(__name__, _HOMES)
answer_moved_modules()

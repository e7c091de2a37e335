"""What analyses look into finished runs with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.lazy import hand_on

if TYPE_CHECKING:
    from harness.analysis.finished import FinishedRun as FinishedRun
    from harness.core.text import markdown as markdown
    from harness.models.inputs import AlteredInputs as AlteredInputs
    from harness.models.inputs import Batches as Batches
    from harness.models.inputs import Inputs as Inputs
    from harness.plugin.specs import Run as Run
    from harness.results.store import safe_name as safe_name
    from harness.statistics.difficulty import Difficulty as Difficulty
    from harness.statistics.difficulty import mean_agreement as mean_agreement
    from harness.statistics.resample import Outcomes as Outcomes
    from harness.statistics.resample import percentiles as percentiles
    from harness.statistics.resample import recalls as recalls
    from harness.statistics.resample import resample_uar as resample_uar
    from harness.statistics.resample import resample_war as resample_war
    from harness.training.predict import predict as predict

HOMES = {
    "AlteredInputs": "harness.models.inputs",
    "Batches": "harness.models.inputs",
    "Difficulty": "harness.statistics.difficulty",
    "FinishedRun": "harness.analysis.finished",
    "Inputs": "harness.models.inputs",
    "Run": "harness.plugin.specs",
    "Outcomes": "harness.statistics.resample",
    "markdown": "harness.core.text",
    "mean_agreement": "harness.statistics.difficulty",
    "percentiles": "harness.statistics.resample",
    "predict": "harness.training.predict",
    "recalls": "harness.statistics.resample",
    "resample_uar": "harness.statistics.resample",
    "resample_war": "harness.statistics.resample",
    "safe_name": "harness.results.store",
}
__all__ = list(HOMES)
__getattr__ = hand_on(__name__, HOMES)

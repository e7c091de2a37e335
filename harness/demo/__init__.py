"""Synthetic faces that do what real ones do, and replicas of datasets made of them; no dataset is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.lazy import hand_on

if TYPE_CHECKING:
    from harness.demo.camera import draw_view as draw_view
    from harness.demo.expressions import NAMES as NAMES
    from harness.demo.expressions import PROTOTYPES as PROTOTYPES
    from harness.demo.expressions import ActionUnits as ActionUnits
    from harness.demo.expressions import describe as describe
    from harness.demo.expressions import perform as perform
    from harness.demo.faces import render as render
    from harness.demo.film import Performance as Performance
    from harness.demo.five_folds import FiveFoldReplica as FiveFoldReplica
    from harness.demo.identity import draw_identity as draw_identity
    from harness.demo.randomness import generator as generator
    from harness.demo.render import ClipPlan as ClipPlan
    from harness.demo.replica import apportion as apportion
    from harness.demo.replica import shown as shown
    from harness.demo.replica import shuffled_labels as shuffled_labels
    from harness.demo.replica import write_replica as write_replica

HOMES = {
    "ActionUnits": "harness.demo.expressions",
    "FiveFoldReplica": "harness.demo.five_folds",
    "ClipPlan": "harness.demo.render",
    "NAMES": "harness.demo.expressions",
    "PROTOTYPES": "harness.demo.expressions",
    "Performance": "harness.demo.film",
    "apportion": "harness.demo.replica",
    "describe": "harness.demo.expressions",
    "draw_identity": "harness.demo.identity",
    "draw_view": "harness.demo.camera",
    "generator": "harness.demo.randomness",
    "perform": "harness.demo.expressions",
    "render": "harness.demo.faces",
    "shown": "harness.demo.replica",
    "shuffled_labels": "harness.demo.replica",
    "write_replica": "harness.demo.replica",
}
__all__ = list(HOMES)
__getattr__ = hand_on(__name__, HOMES)

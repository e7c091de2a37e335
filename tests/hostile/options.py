"""Options of `bench` that cannot be meant."""

from __future__ import annotations

from hostile.entry import Hostile
from hostile.places import toy_bench

ENTRIES = [
    Hostile("a method that is not there", toy_bench("--methods linaer"), "unknown method 'linaer'", base="data"),
    Hostile("a fold that is not there", toy_bench("--folds 9"), "fold", base="data"),
    Hostile("no data", toy_bench(), "toy", base="empty"),
]

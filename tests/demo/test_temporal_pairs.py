"""On the replica of DFEW, what the papers' temporal parts are for: telling classes apart that only time separates.

One seed of the demo's own recipes, told by `harness analyze frame-order`; docs/methods have three.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import harness
from harness.analysis.run_analysis import run_analysis
from harness.analysis.select import RunPlaces, RunSelection

METHODS = ("zero-shot-clip", "coop", "cocoop", "a3lign", "biehpro-baseline", "biehpro")


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """WAR and pairs by method and order of frames."""
    folder = tmp_path_factory.mktemp("pairs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_CACHE", str(folder / "cache"))
        results = harness.bench(
            methods=",".join(METHODS), datasets="dfew", folds="1", seeds="1", demo=True, save_weights=True,
            data_root=folder / "data", out=folder / "runs", executor="inline", quiet=True,
        )  # fmt: skip
        assert all(result["status"] == "done" for result in results)
        run_analysis("frame-order", RunPlaces(folder / "runs", folder / "data"), folder / "analyses", RunSelection())
    table = pd.read_parquet(Path(folder, "analyses", "frame-order", "frame-order.parquet"))
    return table.set_index(["method", "order"])[["war", "pairs"]]


@pytest.mark.slow
def test_time_is_what_the_temporal_parts_are_for(figures: pd.DataFrame) -> None:
    war, pairs = figures["war"], figures["pairs"]
    for method in METHODS[1:]:
        assert war[method, "normal"] > war["zero-shot-clip", "normal"], method
    for temporal, average in (("a3lign", "coop"), ("biehpro", "biehpro-baseline")):
        lead = pairs[temporal, "normal"] - pairs[average, "normal"]
        assert lead > 20, temporal
        assert pairs[temporal, "shuffled"] - pairs[average, "normal"] < lead / 2, temporal
        assert pairs[temporal, "reversed"] < 50, temporal
        assert pairs[average, "normal"] == pytest.approx(pairs[average, "reversed"], abs=2), average

"""The ablations of Former-DFER: their printed GFLOPs come out, and their rows are other networks."""

from __future__ import annotations

import pytest

from harness.plugin import registry
from harness.studies.request import as_bench, study_named
from harness_plugins.studies.former_dfer import DEPTHS, flops


@pytest.mark.parametrize("row", DEPTHS, ids=lambda row: "-".join(row.labels))
def test_printed_gflops_are_what_the_convention_counts_cut_to_two_decimals(row: object) -> None:
    assert flops(row)["gflops"] == pytest.approx(row.printed[0], abs=1e-9)  # type: ignore[arg-type,attr-defined]


@pytest.mark.parametrize(
    ("name", "variants"),
    [("former-dfer-depths", 6), ("former-dfer-parts", 3), ("est-parts", 2), ("ial-parts", 3)],
)
def test_rows_are_the_whole_network_and_its_variants(name: str, variants: int) -> None:
    spec = study_named(name)
    request = as_bench(spec, {})
    assert request is not None
    assert request.datasets == ["dfew"]
    (method,) = request.methods or ()
    assert len(request.variant) == variants
    whole = registry.methods()[method].settle({})
    settled = [registry.methods()[method].settle(dict(variant.set)) for variant in request.variant]
    assert all(other != whole for other in settled)

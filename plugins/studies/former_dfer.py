"""The ablations of the Former-DFER paper on DFEW. Its GFLOPs follow a convention of their own, `thop`."""

from __future__ import annotations

from typing import Any

from harness import HarnessError, StudyColumn, StudyRow, StudySpec, hookimpl, score_columns

SCORES = score_columns("dfew")
FLOPS = StudyColumn("FLOPs (G)", figure="gflops")
NAME = "former-dfer"
CUT = 100  # the paper cuts GFLOPs to two decimals, and does not round


def row(
    labels: tuple[str, ...],
    *printed: float,
    variant: str = "",
    note: str = "",
    **options: Any,
) -> StudyRow:
    """Return a row that runs Former-DFER under these options."""
    return StudyRow(
        labels,
        printed,
        NAME,
        variant,
        options,
        note=note,
    )


def layers(spatial: int, temporal: int, *printed: float) -> StudyRow:
    """Return a row of so many layers in space and in time."""
    options = {"depth_spatial": spatial, "depth_temporal": temporal}
    whole = spatial == temporal == 3
    released = (spatial, temporal) == (1, 3)
    return row(
        (str(spatial), str(temporal)),
        *printed,
        variant="" if whole else f"{NAME}, N = {spatial}, M = {temporal}",
        note="the depth of the public code, whose logs average the WAR of N = 3" if released else "",
        **({} if whole else options),
    )


def flops(row: StudyRow) -> dict[str, float]:
    """Return what the paper's convention counts of a row with 7 classes, cut as the paper cuts it."""
    from harness.cost import architecture, rows
    from harness.plugin import dataset, method

    spec = method(row.method).spec
    (counted,) = rows(
        [(spec, *spec.settle(row.set))],
        architecture("none"),
        "thop",
        dataset("dfew").class_names,
    )
    if isinstance(counted, HarnessError):
        raise counted
    return {"gflops": int(counted["gflops"] * CUT) / CUT}


DEPTHS = (
    layers(1, 1, 8.22, 65.33, 53.27),
    layers(3, 1, 9.04, 65.60, 53.28),
    layers(1, 3, 8.29, 65.44, 53.62),
    layers(3, 3, 9.11, 65.70, 53.69),
    layers(6, 3, 10.35, 65.06, 53.26),
    layers(3, 6, 9.22, 65.22, 53.23),
    layers(6, 6, 10.45, 65.44, 53.60),
)
PARTS = (
    row(("without positions in space",), 65.04, 53.30, variant=f"{NAME}, no places", spatial_positions=False),
    row(("without positions in time",), 64.47, 52.07, variant=f"{NAME}, no times", temporal_positions=False),
    StudyRow(("spatial transformer behind the last stage",), (65.41, 53.05)),
    row(("mean of the frames in place of the class token",), 65.50, 52.98, variant=f"{NAME}, mean", read_out="mean"),
    row(("whole",), 65.70, 53.69),
)


@hookimpl
def register_studies() -> list[StudySpec]:
    """Offer the depths with what they cost, and the parts."""
    depths = StudySpec(
        "former-dfer-depths",
        "Layers of the spatial (N) and of the temporal (M) transformer",
        "Former-DFER paper",
        ("N", "M"),
        (FLOPS, *SCORES),
        DEPTHS,
        compute=flops,
    )
    parts = StudySpec(
        "former-dfer-parts",
        "Parts of the network",
        "Former-DFER paper",
        ("Former-DFER",),
        SCORES,
        PARTS,
    )
    return [depths, parts]

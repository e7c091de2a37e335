"""The ablations of the A3lign-DFER paper (Tables 2 to 5, Fig. 3), and its claim about sizes.

A setting has the same variant name wherever it occurs, so that studies share its runs. The full method is the method
itself, under no variant's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness import StudyColumn, StudyRow, StudySpec, hookimpl, score_columns

PAPER = "A3lign-DFER paper"
FULL = (51.77, 41.87, 53.24, 42.07)
NO_VIDEO: Mapping[str, Any] = {"video_steps": [], "joint_steps": []}
NO_JAS: Mapping[str, Any] = {"text_steps": [], **NO_VIDEO}
NO_MAT: Mapping[str, Any] = {"sentences": 1, "tokens": 1}


def a3lign(
    labels: tuple[str, ...],
    printed: tuple[float, ...],
    variant: str = "",
    against: tuple[str, ...] = (),
    **options: Any,
) -> StudyRow:
    """Return a row that runs A3lign under these options; its arrows are held against another row."""
    return StudyRow(
        labels,
        printed,
        method="a3lign",
        variant=variant and f"A3lign, {variant}",
        set=options,
        against=against,
    )


ZERO_SHOT = ("CLIP (zero-shot)",)  # Table 2's arrows are over it
NEITHER = ("no", "no")  # Table 3's: over "not adding the two modules"


TABLE_2 = (
    StudyRow(("CLIP (zero-shot)",), (17.09, 20.99, 19.16, 18.42), method="zero-shot-clip"),
    StudyRow(("CoOp",), (42.55, 31.72, 42.77, 30.79), method="coop", against=ZERO_SHOT),
    StudyRow(("CoCoOp",), (44.25, 32.91, 43.23, 30.81), method="cocoop", against=ZERO_SHOT),
    a3lign(("A3lign-DFER",), FULL, against=ZERO_SHOT),
)
TABLE_3 = (
    a3lign(("no", "no"), (46.53, 33.24, 47.13, 33.64), "one token, averages", **NO_MAT, **NO_JAS),
    a3lign(("yes", "no"), (48.61, 37.33, 48.52, 36.61), "MAT only", NEITHER, **NO_JAS),
    a3lign(("no", "yes"), (48.57, 35.29, 49.04, 38.72), "JAS only", NEITHER, **NO_MAT, text_steps=[], joint_steps=[]),
    a3lign(("yes", "yes"), FULL, against=NEITHER),
)
TABLE_4 = (
    a3lign(("All at once", "4", "4"), (21.25, 16.09, 18.14, 14.27), "all at once, separate",
           paradigm="all-at-once", synchronizer="separate"),
    a3lign(("All at once", "4 (Joint)", ""), (20.47, 15.86, 17.63, 13.21), "all at once, joint",
           paradigm="all-at-once"),
    a3lign(("BAP", "Average", "2"), (49.81, 38.03, 50.52, 40.10), "stage 1", **NO_VIDEO),
    a3lign(("BAP", "2", "2"), (50.24, 38.69, 51.07, 40.72), "stage 2, two layers",
           ("BAP", "Average", "2"), video_steps=[2], joint_steps=[]),
    a3lign(("BAP", "4", "2"), (50.97, 39.03, 52.76, 41.69), "stage 2, four layers", ("BAP", "2", "2"), joint_steps=[]),
    a3lign(("BAP", "4", "4"), (51.25, 40.38, 52.91, 41.85), "stage 2, text of four", ("BAP", "4", "2"),
           text_steps=[2, 4], joint_steps=[]),
    a3lign(("BAP", "4 (JAS)", "4"), FULL, against=("BAP", "4", "4")),  # arrows: over the step before
    StudyRow(("BAP", "4, fine-tuned apart", "4"), method="a3lign", variant="A3lign, stage 3, separate",
             set={"synchronizer": "separate"}, note="not in the paper: both encoders tuned together, not merged"),
)  # fmt: skip
TABLE_5 = (
    a3lign(("Normal",), FULL),
    a3lign(("Random",), (49.24, 38.65, 49.75, 39.12), "test frames shuffled", ("Normal",), frame_order="shuffled"),
)


def _point(sentences: int, tokens: int) -> StudyRow:
    labels = (str(sentences), str(tokens))
    if (sentences, tokens) == (16, 64):
        return a3lign(labels, ())
    return a3lign(labels, (), f"S={sentences}, T={tokens}", sentences=sentences, tokens=tokens)


FIGURE_3 = tuple(_point(s, t) for s in (1, 4, 8, 16, 32) for t in (4, 16, 32, 64, 74))
SIZES = tuple(
    StudyRow((name, str(classes)), facts={"backbone": model, "classes": classes})
    for name, model in (("ViT-B/32", "ViT-B-32"), ("ViT-L/14", "ViT-L-14"))
    for classes in (7, 11)
)


def size(row: StudyRow) -> dict[str, float]:
    """Return parameters, in millions, of the image encoder and of what A3lign trains beside it,
    counted from built modules.
    """
    from harness import Task
    from harness.cost import architecture
    from harness.models import own_parameters
    from harness.plugin import method

    backbone = architecture(row.facts["backbone"])
    spec = method("a3lign").spec
    classes = tuple(f"class {n}" for n in range(row.facts["classes"]))
    a3lign = spec.construct(Task(classes, backbone, spec.input), {})
    a3lign.grow_to_final()
    modules = sum(p.numel() for p in own_parameters(a3lign, backbone).values()) / 1e6
    encoder = sum(p.numel() for p in backbone.frame_encoder().parameters()) / 1e6
    return {"encoder": encoder, "modules": modules, "ratio": encoder / modules}


@hookimpl
def register_studies() -> list[StudySpec]:
    """Offer every ablation of the paper."""
    both = score_columns("ferv39k", "mafw")
    counts = (
        StudyColumn("Image encoder (M)", figure="encoder"),
        StudyColumn("MAT and JAS (M)", figure="modules"),
        StudyColumn("Ratio", figure="ratio", digits=1),
    )
    return [
        StudySpec("a3lign-table2", "Baseline methods", f"{PAPER}, Table 2", ("Method",), both, TABLE_2),
        StudySpec("a3lign-table3", "MAT and JAS", f"{PAPER}, Table 3", ("MAT", "JAS"), both, TABLE_3),
        StudySpec("a3lign-table4", "Steps of BAP", f"{PAPER}, Table 4", ("Paradigm", "Image", "Text"), both, TABLE_4),
        StudySpec("a3lign-table5", "Order of test frames", f"{PAPER}, Table 5", ("Test frames",), both, TABLE_5),
        StudySpec("a3lign-fig3", "Sentences and tokens", f"{PAPER}, Fig. 3, a plot without numbers", ("S", "T"),
                  both, FIGURE_3),
        StudySpec("a3lign-size", "Fine-tuned encoders are 4 to 15 times larger than the modules",
                  f"{PAPER}, section 4.2", ("Backbone", "Classes"), counts, SIZES, compute=size),
    ]  # fmt: skip

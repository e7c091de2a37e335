"""Tables 2 to 5 of the paper, to be run. Numbers are the printed ones: FLOPs, and WAR and UAR in percent on DFEW."""

from __future__ import annotations

from typing import Any

from harness import HarnessError, StudyColumn, StudyRow, StudySpec, hookimpl, score_columns

SCORES = score_columns("dfew")
FLOPS = StudyColumn("FLOPs (G)", figure="gflops")
NAME = "biehpro"


def row(
    labels: tuple[str, ...],
    *printed: float,
    variant: str = "",
    against: tuple[str, ...] = (),
    **options: Any,
) -> StudyRow:
    """Return a row that runs BiEhPro under these options."""
    return StudyRow(
        labels,
        printed,
        NAME,
        variant,
        options,
        against=against,
    )


def flops(row: StudyRow) -> dict[str, float]:
    """Return what the paper's convention counts of a row on ViT-B/32 with 7 classes, from the built modules."""
    from harness.cost import architecture, rows
    from harness.plugin import dataset, method

    spec = method(row.method).spec
    one_for_all = {"share_interfit": True} if row.method == NAME else {}  # called as often, with less to build
    settled = spec.settle({**one_for_all, **row.set})
    (counted,) = rows(
        [(spec, *settled)],
        architecture("ViT-B-32"),
        "paper",
        dataset("dfew").class_names,
    )
    if isinstance(counted, HarnessError):
        raise counted
    return {"gflops": counted["gflops"]}


def table(
    number: int, title: str, labels: tuple[str, ...], *rows: StudyRow, columns: tuple[StudyColumn, ...] = SCORES
) -> StudySpec:
    """Return a table of the paper."""
    name, paper = f"biehpro-table{number}", f"BiEhPro paper, Table {number}"
    return StudySpec(
        name,
        title,
        paper,
        labels,
        columns,
        rows,
        compute=flops if FLOPS in columns else "",
    )


COUNTED = (FLOPS, *SCORES)
STUDIES = (
    table(
        2,
        "The parts of BiEhPro",
        ("InterFIT", "MSTA", "BiEhPro"),
        StudyRow(("no", "no", "no"), (23.58, 69.96, 58.28), "biehpro-baseline"),
        row(("yes", "no", "no"), 24.65, 71.54, 59.05, variant="InterFIT only",
            against=("no", "no", "no"), msta=False, biehpro=False),
        row(("yes", "yes", "no"), 24.65, 71.88, 59.77, variant="without BiEhPro",
            against=("yes", "no", "no"), biehpro=False),
        row(("yes", "yes", "yes"), 24.71, 72.58, 60.85, against=("yes", "yes", "no")),
        columns=COUNTED,
    ),
    table(
        3,
        "What text is worth",
        ("Text",),
        row(("without",), 24.65, 72.05, 60.41, variant="without text", classifier="linear"),
        row(("with",), 24.71, 72.58, 60.85, against=("without",)),
        columns=COUNTED,
    ),
    table(
        4,
        "Number of BiEhPro blocks",
        ("M",),
        row(("1",), 24.68, 72.45, 60.22, variant="M = 1", blocks=1),
        row(("2",), 24.71, 72.58, 60.85),
        row(("3",), 24.74, 72.38, 59.44, variant="M = 3", blocks=3),
        row(("4",), 24.77, 72.28, 59.92, variant="M = 4", blocks=4),
        row(("5",), 24.80, 72.21, 59.59, variant="M = 5", blocks=5),
        columns=COUNTED,
    ),
    table(
        5,
        "Ways of prompting",
        ("Method", "Prompt"),
        StudyRow(("zero-shot CLIP", "TP"), (20.07, 23.34), "zero-shot-clip"),
        StudyRow(("CoOp", "TP"), (56.68, 44.98), "coop"),
        StudyRow(("CoCoOp", "TP"), (57.52, 46.80), "cocoop"),
        StudyRow(("DFER-CLIP without temporal model", "TP"), (69.00, 57.39), note="reported"),
        StudyRow(("DFER-CLIP", "TP"), (71.25, 59.61), note="reported"),
        row(
            ("Ours without InterFIT, MSTA, VP", "TP"), 71.12, 58.90, variant="textual prompts only",
            interfit=False, msta=False, prompts="text",
        ),
        row(
            ("Ours without InterFIT, MSTA", "TP+VP"), 71.64, 59.31, variant="prompts only",
            interfit=False, msta=False,
        ),
        row(("Ours", "TP+VP"), 72.58, 60.85),
    ),
)  # fmt: skip


@hookimpl
def register_studies() -> list[StudySpec]:
    """Offer Tables 2 to 5 of the paper."""
    return list(STUDIES)

"""Tables 2 to 5 of the paper, to be run. Numbers are the printed ones: WAR and UAR in percent, on DFEW."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.studies import StudyColumn, StudyRow, StudySpec

COLUMNS = (StudyColumn("WAR", "dfew", "war"), StudyColumn("UAR", "dfew", "uar"))
NAME = "biehpro"


def row(labels: tuple[str, ...], war: float, uar: float, variant: str, options: Mapping[str, Any]) -> StudyRow:
    """A row that is run."""
    return StudyRow(labels, (war, uar), NAME, variant, options)


def table(number: int, title: str, labels: tuple[str, ...], *rows: StudyRow) -> StudySpec:
    """A table of the paper."""
    return StudySpec(f"biehpro-table{number}", title, f"BiEhPro paper, Table {number}", labels, COLUMNS, rows)


FULL = StudyRow(("yes", "yes", "yes"), (72.58, 60.85), NAME)
STUDIES = (
    table(
        2,
        "The parts of BiEhPro",
        ("InterFIT", "MSTA", "BiEhPro"),
        StudyRow(("no", "no", "no"), (69.96, 58.28), "biehpro-baseline"),
        row(("yes", "no", "no"), 71.54, 59.05, "InterFIT only", {"msta": False, "biehpro": False}),
        row(("yes", "yes", "no"), 71.88, 59.77, "without BiEhPro", {"biehpro": False}),
        FULL,
    ),
    table(
        3,
        "What text is worth",
        ("Text",),
        row(("without",), 72.05, 60.41, "without text", {"classifier": "linear"}),
        StudyRow(("with",), (72.58, 60.85), NAME),
    ),
    table(
        4,
        "Number of BiEhPro blocks",
        ("M",),
        row(("1",), 72.45, 60.22, "M = 1", {"blocks": 1}),
        StudyRow(("2",), (72.58, 60.85), NAME),
        row(("3",), 72.38, 59.44, "M = 3", {"blocks": 3}),
        row(("4",), 72.28, 59.92, "M = 4", {"blocks": 4}),
        row(("5",), 72.21, 59.59, "M = 5", {"blocks": 5}),
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
            ("Ours without InterFIT, MSTA, VP", "TP"), 71.12, 58.90, "textual prompts only",
            {"interfit": False, "msta": False, "prompts": "text"},
        ),
        row(
            ("Ours without InterFIT, MSTA", "TP+VP"), 71.64, 59.31, "prompts only",
            {"interfit": False, "msta": False},
        ),
        StudyRow(("Ours", "TP+VP"), (72.58, 60.85), NAME),
    ),
)  # fmt: skip

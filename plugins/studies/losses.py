"""Parts of EST and of IAL, each left out alone. Their papers' own numbers are not at hand, so none are printed."""

from __future__ import annotations

from typing import Any

from harness import StudyRow, StudySpec, hookimpl, score_columns


def parts(
    method: str,
    title: str,
    **left_out: tuple[str, Any],
) -> StudySpec:
    """Return a study of a method whole and without one part at a time.

    Args:
        method: its name, by which the paper is called, too.
        title: of the study.
        left_out: by option what the row is called, and the value that leaves the part out.
    """
    rows = [StudyRow(("whole",), method=method)]
    for option, (label, value) in left_out.items():
        rows.append(
            StudyRow(
                (label,),
                method=method,
                variant=f"{method}, {label}",
                set={option: value},
            )
        )
    return StudySpec(
        f"{method}-parts",
        title,
        f"{method.upper()} paper, whose own numbers are not at hand",
        ("Part",),
        score_columns("dfew"),
        tuple(rows),
    )


@hookimpl
def register_studies() -> list[StudySpec]:
    """Offer a study of each."""
    est = parts(
        "est",
        "Order of snippets, and attention within them",
        order_weight=("without the order of snippets", 0.0),
        emotion_attention=("mean of a snippet's frames", False),
    )
    ial = parts(
        "ial",
        "Intensity-aware loss, and attention over channels",
        intensity_weight=("without the intensity-aware loss", 0.0),
        auxiliary_weights=("without the second stage's own loss", (0.0, 0.0)),
        attention=("without attention over channels", False),
    )
    return [est, ial]

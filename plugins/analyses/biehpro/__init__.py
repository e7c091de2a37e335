"""Figures 2 and 4 of the BiEhPro paper, of any finished runs of it and of its baseline."""

from __future__ import annotations

from dataclasses import dataclass

from harness import AnalysisSpec, hookimpl, option

FOLDER = "harness_plugins.analyses.biehpro"


@dataclass(frozen=True)
class ClipOptions:
    """Options of the figures that show single clips."""

    clips: tuple[str, ...] = option((), "ids of test clips; none: the first of each class")


@hookimpl
def register_analyses() -> list[AnalysisSpec]:
    """Offer Figures 2 and 4 of the paper; Figure 5 is `tsne`, which draws every method's features."""
    figures: tuple[tuple[str, str, type, str, int], ...] = (
        ("similarity-histograms", "similarity_histograms", ClipOptions, "Scores of single clips, a bar a run.", 2),
        ("attention-maps", "attention_maps", ClipOptions, "What the class token looks at, frame by frame.", 4),
    )
    return [
        AnalysisSpec(name, f"{FOLDER}.figures:{run}", options, ("biehpro", "biehpro-baseline"), summary,
                     f"BiEhPro paper, Figure {number}")
        for name, run, options, summary, number in figures
    ]  # fmt: skip

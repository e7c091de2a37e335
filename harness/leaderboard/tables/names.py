"""The names of the files of a leaderboard."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.core.digest import digest

OVERVIEW = "overview"
RESERVED = (OVERVIEW, "published", "leaderboard", "results", "model-index", "model-cards")
FORMS = ("md", "csv", "tex", "json")
TAIL = {False: "", True: "-demo"}  # the demo has files of its own: no reader mixes it with real data


def file_stem(dataset: str) -> str:
    """Return the dataset's name as a file name; one that is no safe name, or taken, gets a hash."""
    taken = dataset in RESERVED or dataset.endswith(TAIL[True])
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", dataset) and not taken:
        return dataset
    return f"{re.sub(r'[^a-z0-9]+', '-', dataset.lower()).strip('-')}-{digest(dataset, 6)}".lstrip("-")


def dataset_stem(dataset: str, demo: bool) -> str:
    """Return the stem of the files of one dataset."""
    return file_stem(dataset) + TAIL[demo]


def overview_stem(demo: bool) -> str:
    """Return the stem of the files across datasets."""
    return OVERVIEW + TAIL[demo]


def in_order(names: Iterable[str]) -> list[str]:
    """Return names of files as they are listed: those of one stem together, stems in the order given."""
    parted = [name.rpartition(".") for name in names]
    stems = list(dict.fromkeys(stem for stem, _, _ in parted))
    parted.sort(key=lambda part: (stems.index(part[0]), FORMS.index(part[2])))
    return ["".join(part) for part in parted]

"""A review as Markdown for a pull request, and as plain data. Everything that a stranger wrote is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from harness.core.text import markdown
from harness.leaderboard.tables.markdown import table
from harness.submission.accept import Review
from harness.submission.placing import PlacedRow
from harness.submission.remark import Remark

POINTS = 100
LISTED = 50  # remarks of one kind that are listed; the rest are counted


def as_json(review: Review) -> dict[str, Any]:
    """Return everything, for programs; scores of paired tests are fractions."""
    return {
        "ok": review.accepted,
        "bundle": review.bundle,
        "sha256": review.sha256,
        "files": review.files,
        "jobs": review.jobs,
        "sources": review.sources,
        "objections": [_plain(remark) for remark in review.objections],
        "notes": [_plain(remark) for remark in review.notes],
        "rows": [asdict(row) for row in review.rows],
        "added": review.added,
    }


def as_markdown(review: Review) -> str:
    """Return the review as a page."""
    return "\n\n".join(_paragraphs(review)) + "\n"


def _paragraphs(review: Review) -> Iterator[str]:
    verdict = "accepted" if review.accepted else f"{len(review.objections)} objections"
    yield f"## Results handed in: {verdict}"
    yield (
        f"`{review.sha256}` ({markdown(review.bundle)}): {review.files:,} files, {review.jobs:,} results in "
        f"{len(review.rows)} rows. Nothing of it was run."
    )
    if review.added is not None:
        yield f"Added to the store: {review.added} results; {review.jobs - review.added} were there before."
    yield from _listed("Objections", review.objections)
    if review.rows:
        yield "### On the board"
        yield table(["Dataset", "#", "Method", "WAR", "UAR", "Folds", "Results"], [_line(row) for row in review.rows])
        for row in review.rows:
            yield from _neighbours(row)
    yield from _listed("Notes", review.notes)
    if review.sources:
        names = ", ".join(f"{markdown(name)} (`{sha256[:12]}`)" for name, sha256 in sorted(review.sources.items()))
        yield f"Source to read before anything is run again: {names}."
    yield (
        "WAR, UAR and other metrics that are registered here in their version were computed again from the "
        "predictions. Costs, times, histories and where it ran are claims. Whether the predictions are those of the "
        "method, only running its jobs again tells."
    )


def _listed(title: str, remarks: Sequence[Remark]) -> Iterator[str]:
    if not remarks:
        return
    yield f"### {title}"
    lines = [_remark(remark) for remark in remarks[:LISTED]]
    if len(remarks) > LISTED:
        lines.append(f"- and {len(remarks) - LISTED:,} more")
    yield "\n".join(lines)


def _remark(remark: Remark) -> str:
    where = f" {markdown(remark.where)}:" if remark.where else ""
    return f"- **{markdown(remark.code)}**{where} {markdown(remark.text)}"


def _line(row: PlacedRow) -> list[str]:
    held = f"{row.jobs} new" + (f", {row.held} held" if row.held else "")
    place = f"{row.place} of {row.of}"
    scores = [row.scores.get(name, "–") for name in ("war", "uar")]
    dataset = ", ".join([row.dataset, *row.caveats])
    return [markdown(cell) for cell in (dataset, place, row.name, *scores, row.folds, held)]


def _neighbours(row: PlacedRow) -> Iterator[str]:
    """Yield the paired tests of a row against those beside it, and its notes."""
    yield f"**{markdown(row.name)}** on {markdown(row.dataset)}"
    if row.neighbours:
        lines = []
        for other in row.neighbours:
            cells = [_difference(other.tests[name]) for name in ("war", "uar")]
            lines.append([markdown(other.place), markdown(other.name), *cells])
        yield table(["#", "Method", "WAR, difference", "UAR, difference"], lines)
    else:
        yield "Not tested against another row: it is not ranked, or it is alone."
    if row.notes:
        yield "\n".join(f"- {markdown(note)}" for note in row.notes)


def _difference(test: Mapping[str, float | None]) -> str:
    """Return a difference in points, its 95 % interval, and the p-value after Holm's correction."""
    value, low, high = (float(test[name] or 0) * POINTS for name in ("difference", "low", "high"))
    p = test["p_holm"]
    told = "not tested, since one of the two has a single training" if p is None else f"p = {p:.3g}"
    return f"{value:+.2f} ({low:+.2f} to {high:+.2f}), {told}"


def _plain(remark: Remark) -> dict[str, str]:
    return {name: value for name, value in asdict(remark).items() if name != "level"}

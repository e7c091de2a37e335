"""`harness accept BUNDLE`: a bundle from a stranger, checked, placed on the board, and reviewed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.output import (
    Json,
    OneRuns,
    PluginFiles,
    load_plugins,
    one_of,
    print_json,
    print_table,
    say,
)
from harness.core.errors import HarnessError
from harness.core.text import visible
from harness.plugin import registry
from harness.results.store import Store
from harness.system.files import write_atomically

if TYPE_CHECKING:
    from harness.submission.accept import Review

EXIT_OBJECTIONS = 1


def accept(
    bundle: Annotated[Path, typer.Argument(help="A file that `harness submit` made.")],
    runs: OneRuns = None,
    review_file: Annotated[
        Path | None, typer.Option("--review", help="Write the review as Markdown, for a pull request.")
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Copy accepted results into the store of --runs.")] = False,
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Check a bundle as input from a stranger: nothing of it is run, imported or unpickled.

    Exits 0 if it is accepted, 1 for objections, 2 if there is no bundle.

    Examples:

        harness accept submission.zip --runs runs --review review.md

        harness accept submission.zip --runs runs --add
    """
    from harness.submission.accept import Known, review
    from harness.submission.review import as_json, as_markdown

    if add and not runs:
        raise HarnessError("--add: say to which store, with --runs")
    load_plugins(plugin)
    known = Known(
        registry.datasets(),
        registry.metrics(),
        registry.plugins().offers("methods"),
    )
    store = Store(one_of(runs, "accept")) if runs else None
    found = review(bundle, known, store, adding=add)
    if review_file:
        text = as_markdown(found)
        write_atomically(review_file, lambda draft: draft.write_text(text, encoding="utf-8"))
    if json_:
        print_json(as_json(found))
    else:
        _print(found)
    if not found.accepted:
        raise typer.Exit(EXIT_OBJECTIONS)


def _print(found: Review) -> None:
    remarks = [(remark.level, remark.code, remark.where, remark.text) for remark in found.remarks]
    if remarks:
        print_table(f"Review of {found.bundle}", ["level", "code", "where", "what"], remarks)
    rows = [
        (row.dataset, f"{row.place} of {row.of}", row.name, *row.scores.values(), row.folds, row.jobs, row.held)
        for row in found.rows
    ]
    if rows:
        print_table(
            "On the board",
            ["dataset", "#", "row", "WAR", "UAR", "folds", "handed in", "held"],
            rows,
        )
    verdict = "accepted" if found.accepted else f"not accepted, {len(found.objections)} objections"
    added = "" if found.added is None else f"; {found.added} added to the store"
    say(visible(f"{found.bundle}: {found.jobs} results, {verdict}{added}"))

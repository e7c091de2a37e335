"""`harness compare A B`: two rows on the same clips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.output import (
    Json,
    PluginFiles,
    Runs,
    load_plugins,
    print_json,
    print_table,
    say,
    stores_of,
    warn_left_out,
)
from harness.core.text import visible
from harness.plugin import registry

if TYPE_CHECKING:
    from harness.leaderboard.compare import Comparison

POINTS = 100


def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="Method, variant, or the hash of a leaderboard row.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    runs: Runs = None,
    dataset: Annotated[str | None, typer.Option("--dataset", help="Only this dataset.")] = None,
    flips: Annotated[int, typer.Option("--flips", min=0, help="Clips that flipped to print; --json has all.")] = 20,
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Compare two rows clip by clip: paired difference with interval, recall per class, flipped clips, cost.

    Example:

        harness compare coop zero-shot-clip --runs runs
    """
    from harness.leaderboard import outline
    from harness.leaderboard.compare import as_json
    from harness.leaderboard.compare import compare as compare_rows

    load_plugins(plugin)
    board = outline(stores_of(runs), registry.datasets())
    warn_left_out(board.left_out)
    found = compare_rows(
        board,
        first,
        second,
        dataset,
    )
    if json_:
        print_json(as_json(found))
        return
    for item in found:
        _print(item, flips)


def _print(item: Comparison, flips: int) -> None:
    _print_scores(item)
    _print_recalls(item)
    _print_flips(item, flips)
    costs = [(line["cost"], _number(line["first"]), _number(line["second"])) for line in item.cost()]
    print_table("Cost", ["", "A", "B"], costs)
    for note in item.notes:
        say(f"note: {visible(note)}")


LEVELS = {
    "methods": "intervals and tests hold for methods, over clips and trainings together",
    "trained models": "one training each, so no test of methods: intervals and tests are of these trained models",
}


def _print_scores(item: Comparison) -> None:
    demo = " (synthetic demo, not a benchmark result)" if item.first["demo"] else ""
    dataset = item.board.titles[item.first["dataset"]]
    title = f"{dataset}{demo}: A = {_name(item, 0)}, B = {_name(item, 1)}, {len(item.panel.ids)} clips"
    lines = []
    for name, measure in (("war", item.tests.war), ("uar", item.tests.uar)):
        line = item.pair[name]
        lines.append(
            (
                name.upper(),
                f"{measure.values[0] * POINTS:.2f}",
                f"{measure.values[1] * POINTS:.2f}",
                f"{line['difference'] * POINTS:+.2f}",
                f"{line['low'] * POINTS:+.2f} to {line['high'] * POINTS:+.2f}",
                _p(line["p"]),
                f"{measure.smallest * POINTS:.2f}",
            )
        )
    print_table(
        title,
        ["", "A", "B", "A - B (points)", "95 % interval", "p", "smallest to be seen"],
        lines,
    )
    say(LEVELS[item.tests.level])


def _print_recalls(item: Comparison) -> None:
    lines = []
    for line in item.recall():
        first, second = line["first"] * POINTS, line["second"] * POINTS
        difference = (line["first"] - line["second"]) * POINTS
        lines.append((line["class"], line["clips"], f"{first:.1f}", f"{second:.1f}", f"{difference:+.1f}"))
    print_table(
        "Recall (percent)",
        ["class", "clips", "A", "B", "A - B"],
        lines,
    )


def _print_flips(item: Comparison, flips: int) -> None:
    found = item.flips()
    better = sum(line["right"] == "first" for line in found)
    title = f"{len(found)} clips flipped: {better} that only A has right, {len(found) - better} that only B has right"
    columns = ["fold", "sample_id", "label", "first", "second"]
    shown = [tuple(line[name] for name in columns) for line in found[:flips]]
    print_table(
        title + (f" ({len(shown)} shown)" if len(shown) < len(found) else ""),
        ["fold", "clip", "label", "A", "B"],
        shown,
    )


def _name(item: Comparison, side: int) -> str:
    row = (item.first, item.second)[side]
    return ", ".join(str(row[key]) for key in ("name", "settings") if row[key])


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.6g}"

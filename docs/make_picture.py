"""Draw `leaderboard.svg`, the README's picture, from the demo's generated table.

Run after `harness bench --demo` and `harness leaderboard`: python docs/make_picture.py
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

ROOT = Path(__file__).parent.parent
TITLE = "Synthetic demo, not a benchmark result"
# Rich's own template asks a server for its font; a picture in a README should need none.
TEMPLATE = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px;
  line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>{lines}</defs>
<rect fill="#191919" width="{width}" height="{height}" rx="8"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g></svg>
"""


def table(frame: pd.DataFrame) -> Table:
    """Methods down, WAR and UAR of each dataset across."""
    shown = Table(title=TITLE, title_style="bold", header_style="bold")
    wide = frame.pivot_table(index=["method", "backbone"], columns="dataset", values=VALUES, sort=False)
    for name in ("Method", "Backbone"):
        shown.add_column(name)
    datasets = list(dict.fromkeys(frame["dataset"]))
    for dataset in datasets:
        for name in ("WAR", "UAR"):
            shown.add_column(f"{dataset}\n{name}", justify="right")
    best = wide.max()
    for key, row in wide.sort_values([("war_mean", name) for name in datasets], ascending=False).iterrows():
        cells = [_cell(row, best, metric, dataset) for dataset in datasets for metric in ("war", "uar")]
        shown.add_row(*map(str, key), *cells)
    return shown


def _cell(row: pd.Series, best: pd.Series, metric: str, dataset: str) -> Text:
    mean, std = row[f"{metric}_mean", dataset], row.get((f"{metric}_std", dataset))
    spread = "" if std is None or pd.isna(std) else f" ± {100 * std:.1f}"
    return Text(f"{100 * mean:.1f}{spread}", "bold" if mean == best[f"{metric}_mean", dataset] else "")


VALUES = ["war_mean", "war_std", "uar_mean", "uar_std"]


def main() -> None:
    """Read `leaderboards/overview-demo.csv` and write the picture beside this file."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "leaderboards"
    console = Console(record=True, width=120, file=io.StringIO())
    console.print(table(pd.read_csv(source / "overview-demo.csv")))
    svg = console.export_svg(title=TITLE, theme=DIMMED_MONOKAI, code_format=TEMPLATE, unique_id="leaderboard")
    (Path(__file__).parent / "leaderboard.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()

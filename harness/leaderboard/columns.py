"""Columns of the Markdown tables: a title, and what a row says under it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tabulate import tabulate

from harness.leaderboard import cells
from harness.leaderboard.collect import SCORES
from harness.leaderboard.escape import markdown
from harness.leaderboard.sections import Row, Section
from harness.specs import MetricSpec

Metrics = Mapping[str, MetricSpec]
Column = tuple[str, Callable[[Row], str]]
TEXT = ("Method", "Settings", "Backbone", "Input", "Protocol", "Dataset", "Paper", "Verdict", "Reason")  # left-aligned


@dataclass
class Notes:
    """Numbered notes beneath a table; equal texts share a number."""

    numbers: dict[str, int] = field(default_factory=dict)

    def mark(self, texts: Sequence[str]) -> str:
        """The superscript that refers to these notes."""
        marks = [str(self.numbers.setdefault(text, len(self.numbers) + 1)) for text in texts]
        return f"<sup>{','.join(marks)}</sup>" if marks else ""

    def paragraphs(self) -> list[str]:
        """The notes as one Markdown paragraph, in the order of their numbers; nothing if there are none."""
        lines = [f"<sup>{n}</sup> {markdown(text)}" for text, n in self.numbers.items()]
        return ["  \n".join(lines)] if lines else []  # two spaces break the line


def table(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table. Cells are text already, so nothing is parsed as a number and reformatted."""
    align = ["left" if title in TEXT else "right" for title in titles]
    return tabulate(lines, titles, tablefmt="pipe", disable_numparse=True, colalign=align)


METHOD: Column = ("Method", lambda row: markdown(row["name"]))
BACKBONE: Column = ("Backbone", lambda row: markdown(row["backbone"]))
COST: tuple[Column, ...] = (
    ("GFLOPs", lambda row: cells.number(row.get("cost.gflops"))),
    ("Params (M)", lambda row: cells.millions(row.get("cost.params_total"))),
    ("Trainable (M)", lambda row: cells.millions(row.get("cost.params_trainable"), digits=3)),
    ("Latency (ms)", lambda row: cells.number(row.get("cost.latency_ms"), digits=1)),
)
ORIGIN: tuple[Column, ...] = (
    ("Folds", cells.folds),
    ("Seeds", lambda row: str(row["n_seeds"])),
    ("Selection", lambda row: markdown(row["selection"])),
    ("Protocol", lambda row: markdown(row["protocol_hash"])),
    ("Version", lambda row: markdown(row["version"])),
    ("Date", cells.day),
)
MARKS = {"best": "**{}**", "second": "<u>{}</u>", "": "{}"}


def settings(rows: Sequence[Row]) -> list[Column]:
    """The settings column, where some row needs it."""
    shown = any(row["settings"] for row in rows)
    return [("Settings", lambda row: markdown(row["settings"]) or cells.DASH)] if shown else []


def score(section: Section, name: str, specs: Metrics) -> Column:
    """Mean and standard deviation of a metric, the best in bold and the second underlined."""
    column = f"{name}_mean"
    top = cells.podium(section.rows, column, name, specs)
    return title(name, specs), lambda row: marked(cells.metric(row, name, specs), row, column, top)


def marked(text: str, row: Row, column: str, top: tuple[float, ...]) -> str:
    """The text as Markdown, bold or underlined by its value's place."""
    return MARKS[cells.emphasis(row, column, top)].format(text)


def plain(name: str, heading: str, specs: Metrics) -> Column:
    """Mean and standard deviation of a metric."""
    return heading, lambda row: cells.metric(row, name, specs)


def pooled(section: Section, name: str, specs: Metrics) -> Column:
    """A metric over the pooled clips of all folds, with its 95 % interval."""
    column = f"{name}_pooled"
    top = cells.podium(section.rows, column, name, specs)
    heading = f"{title(name, specs)} pooled [95 % CI]"
    return heading, lambda row: marked(cells.interval(row, name, specs), row, column, top)


def title(name: str, specs: Metrics) -> str:
    """A metric as column title, escaped."""
    spec = specs.get(name)
    return markdown(spec.title) if spec else name.upper() if name in SCORES else markdown(name)


def gap(section: Section, heading: str) -> list[Column]:
    """What oracle selection gained, where it was used."""
    return [(heading, cells.gap)] if section.protocol["selection"] == "oracle" else []

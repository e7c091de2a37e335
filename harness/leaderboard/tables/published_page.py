"""The page of published numbers: ours beside them, and all that the papers' main tables print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from harness.core.text import markdown
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.published import HALF_WIDTH, MAIN, SEEDS, Published, Verdict, as_frame
from harness.leaderboard.tables.cells import DASH, number
from harness.leaderboard.tables.export import safe
from harness.leaderboard.tables.markdown import Notes, table
from harness.leaderboard.tables.names import TAIL
from harness.leaderboard.tables.pages import COMMENT

MAIN_TABLE = "Table 1"
RULES = (
    "'Reproduced' means that the reported value lies where another training of ours would in 95 of 100 cases, on the "
    f"same clips: a prediction interval, from the spread over at least {SEEDS} seeds. It asks for all official folds, "
    f"an interval over clips of at most ± {HALF_WIDTH * 100:.1f} points, the epoch not chosen on the test split, the "
    "weights of the backbone that the paper used, and what the paper states of its protocol; never the demo. 'Differs' "
    "means that all this holds and the value lies outside. Ours is the value pooled over folds."
)
REPEATED = "95 % of repetitions"
HEAD = ("Dataset", "Method", "Paper", "Metric", "Reported", "Ours", REPEATED, "Difference", "Verdict", "Reason")


def files(
    board: Board,
    judged: Sequence[Verdict],
    published: Published,
) -> dict[str, str]:
    """Return file name -> the page and its table as CSV; of real data and of the demo, where there are any."""
    texts = {}
    for demo in sorted({demo for _, demo in board.expected}):
        own = [verdict for verdict in judged if verdict.demo == demo]
        table_of_own = as_frame(own).map(safe)
        texts[f"published{TAIL[demo]}.md"] = published_page(own, published, board.titles)
        texts[f"published{TAIL[demo]}.csv"] = table_of_own.to_csv(index=False, lineterminator="\n")
    return texts


def published_page(
    found: Sequence[Verdict],
    published: Published,
    titles: Mapping[str, str],
) -> str:
    """Return the page as Markdown."""
    parts = [
        "# Published numbers",
        COMMENT,
        RULES,
        *verdict_table(found, titles),
    ]
    for paper, source in published.sources.items():
        parts += [f"## Printed by {markdown(paper)}", markdown(_cited(source))]
        parts += printed_table(published.numbers[published.numbers["source_paper"] == paper])
    return "\n\n".join(parts) + "\n"


def verdict_table(found: Sequence[Verdict], titles: Mapping[str, str]) -> list[str]:
    """Return one line a printed number that we have a row for, and the notes on those in doubt."""
    if not found:
        return ["No stored result answers to a printed number yet."]
    notes = Notes()
    lines = [
        [
            markdown(titles.get(item.dataset, item.dataset)),
            markdown(item.method),
            f"{markdown(item.source)}, {markdown(item.table)}",
            item.metric,
            number(item.reported, 100) + notes.mark([item.flag] if item.flag else []),
            number(item.ours, 100),
            DASH if item.low is None else f"{number(item.low, 100)} to {number(item.high, 100)}",
            DASH if item.difference is None else f"{item.difference * 100:+.2f}",
            markdown(item.verdict),
            markdown(item.reason),
        ]
        for item in found
    ]
    return [table(HEAD, lines), *notes.paragraphs()]


def printed_table(numbers: pd.DataFrame) -> list[str]:
    """Return WAR and UAR of the paper's main table, with the notes on its numbers."""
    main = numbers[(numbers["table"] == MAIN_TABLE) & numbers["variant"].isin(MAIN)]
    notes = Notes()
    cells: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for line in main.to_dict("records"):
        mark = notes.mark([line["note"]] if line["note"] else [])
        row = cells.setdefault((line["method"], line["backbone"]), {})
        row[line["dataset"], line["metric"]] = f"{line['value'] * 100:.2f}{mark}"
    columns = [(dataset, metric) for dataset in dict.fromkeys(main["dataset"]) for metric in ("WAR", "UAR")]
    head = [
        "Method",
        "Backbone",
        *(" ".join(column) for column in columns),
    ]
    lines = []
    for names, found in cells.items():
        lines.append([*map(markdown, names), *(found.get(column, DASH) for column in columns)])
    return [table(head, lines), *notes.paragraphs()]


def _cited(source: object) -> str:
    if not isinstance(source, dict):
        return ""
    return f"{source.get('authors', '')}, {source.get('title', '')}, {source.get('venue', '')}."

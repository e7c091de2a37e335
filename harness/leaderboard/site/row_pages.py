"""A page for each row of the tables, and one for each of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.leaderboard.audit.finding import Finding
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.sections import BoardRow, Section
from harness.leaderboard.site import charts, content
from harness.leaderboard.site.method_facts import links_of
from harness.leaderboard.site.repeat import command, row_command
from harness.leaderboard.site.writer import SiteWriter
from harness.leaderboard.tables import cells
from harness.leaderboard.tables.columns import Metrics
from harness.models.spec import MethodSpec
from harness.results.store import read

if TYPE_CHECKING:
    from harness.leaderboard.site.thumbnails import Thumbnails

SHOWN = ("options", "input", "plugin", "backbone", "protocol", "split_sha256")  # of a run
HIDDEN = ("protocol", "protocol_id")  # shown by the page of the dataset


@dataclass(frozen=True)
class Place:
    """The page of the dataset that a row belongs to: its title and its file."""

    title: str
    file: str


class RowPages:
    """The pages of rows and runs. `plugin_files` are those that commands to repeat a run have to name."""

    def __init__(
        self,
        board: Board,
        specs: Metrics,
        findings: Sequence[Finding],
        thumbnails: Thumbnails | None,
        plugin_files: Sequence[Path],
        writer: SiteWriter,
        methods: Mapping[str, MethodSpec],
        method_pages: str,
    ) -> None:
        self.method_pages = method_pages
        self.methods = methods
        self.board = board
        self.specs = specs
        self.findings = findings
        self.thumbnails = thumbnails
        self.plugin_files = plugin_files
        self.writer = writer
        self.jobs = _jobs_by_row(board)
        folders = {}
        for row, jobs in self.jobs.items():
            folders[row] = [Path(job["path"]) for job in jobs if job["status"] == "done"]
        self.histories = content.histories(folders)

    def write(
        self,
        row: BoardRow,
        line: Mapping[str, Any],
        section: Section,
        place: Place,
    ) -> None:
        """Write the page of a row, which stands in a table as `line`, and those of its runs."""
        # Its results, and what is drawn of them.
        jobs, history = self.jobs[row["row"]], self.histories[row["row"]]
        results = [read(Path(job["path"]) / "result.json") for job in jobs]
        bins = self.board.evidence.reliability.get(row["row"])
        drawn = {
            "Seeds and folds": charts.dots([job for job in jobs if job["status"] == "done"]),
            "Training loss": charts.loss(history),
            "Scores by epoch": charts.scores(history),
            "Reliability": None if bins is None else charts.reliability(bins),
        }

        # Its own page, and one for each of its runs.
        classes = list(section.protocol["classes"])
        counts = self.board.confusions.get(row["row"])
        facts = self.board.jobs.facts[row["row"]]
        self.writer.page(
            f"rows/{row['row']}.html",
            "row.html",
            "../",
            title=line["name"],
            row=row,
            tab=f"{line['name']}, {place.title}",
            dataset=place.title,
            back=place.file,
            badges=content.badges(row),
            line=line,
            head=content.HEAD,
            classes=classes,
            recalls=content.recall_table(row, classes),
            confusion=content.confusion(counts) if counts else None,
            charts={name: spec for name, spec in drawn.items() if spec and spec["data"]["values"]},
            facts=content.facts({name: value for name, value in facts.items() if name not in HIDDEN}),
            findings=[finding for finding in self.findings if finding.row == row["row"]],
            links=links_of(self.board, row, self.method_pages),
            command=self._command(row, results),
            jobs=[{**job, "link": f"../runs/{job['id']}.html"} for job in jobs],
        )
        for job, result in zip(jobs, results, strict=True):
            self._run(job, result, row, line["name"], place)

    def _command(
        self,
        row: BoardRow,
        results: Sequence[Mapping[str, Any]],
    ) -> str:
        """Return the command that makes the whole row again."""
        folds = self.board.expected[row["dataset"], bool(row["demo"])]
        return row_command(
            results,
            self.plugin_files,
            self.methods.get(row["method"]),
            folds,
        )

    def _run(
        self,
        job: Mapping[str, Any],
        result: Mapping[str, Any],
        row: BoardRow,
        name: str,
        place: Place,
    ) -> None:
        shown = {name: result[name] for name in SHOWN if result.get(name)}
        provenance = result.get("provenance") or {}
        cost = result.get("cost") or {}
        self.writer.page(
            f"runs/{job['id']}.html",
            "run.html",
            "../",
            title=f"{name}, {place.title}, fold {job['fold']}, seed {job['seed']}",
            name=name,
            dataset=place.title,
            back=place.file,
            row=row,
            job=job,
            status=result["status"],
            error=result.get("error"),
            command=command(result, self.plugin_files),
            clips=self.thumbnails.of(result, Path(job["path"])) if self.thumbnails else [],
            metrics=[(metric, cells.value(value, metric, self.specs)) for metric, value in result["metrics"].items()],
            cost=content.facts({name: value for name, value in cost.items() if name != "uncounted"}),
            facts=content.facts(shown),
            provenance=content.facts({name: value for name, value in provenance.items() if name != "host"}),
            warnings=[str(warning) for warning in result.get("warnings") or []],
        )


def _jobs_by_row(board: Board) -> dict[str, list[dict[str, Any]]]:
    frame = board.jobs.frame[["row", "fold", "seed", "status", "error", "id", "path"]]
    jobs = frame.join(board.jobs.metrics[["war", "uar"]])
    found = {}
    for row, part in jobs.groupby("row"):
        found[str(row)] = [{str(name): value for name, value in job.items()} for job in part.to_dict("records")]
    return found

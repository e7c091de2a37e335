"""Write the site: an overview, a page a dataset, a page a row, a page a run, and what the audit found."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.core.errors import HarnessError
from harness.core.version import __version__
from harness.leaderboard.audit.finding import Finding
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.published import Verdict
from harness.leaderboard.board.sections import Section, in_title
from harness.leaderboard.site import charts, content
from harness.leaderboard.site.pairs import matrices
from harness.leaderboard.site.repeat import command
from harness.leaderboard.tables import cells, pages
from harness.leaderboard.tables.columns import Metrics
from harness.leaderboard.tables.machine_readable import whole_json
from harness.leaderboard.tables.names import dataset_stem
from harness.results.store import read

if TYPE_CHECKING:
    from harness.leaderboard.site.thumbnails import Thumbnails

HERE = Path(__file__).parent
FIRST = 60  # rows of a table on the overview; a dataset's page has all
ASSETS = ("static", "vendor")
SHOWN = ("options", "input", "plugin", "backbone", "protocol", "split_sha256")  # of a run
HIDDEN = ("protocol", "protocol_id")  # shown by the page of the dataset
PAGES = ("rows", "runs")  # folders of pages named by 12 hex digits
AUDIT = "audit.html"
WHOLE = "leaderboard.json"  # by which a folder is known as a site


def publish(
    board: Board,
    out: Path,
    specs: Metrics,
    verdicts: Sequence[Verdict],
    findings: Sequence[Finding] = (),
    thumbnails: Thumbnails | None = None,
    plugin_files: Sequence[Path] = (),
) -> Path:
    """Write the site to `out`; its first page is returned. Pages of rows and runs that are gone are removed.

    Without `thumbnails` no image is published. `plugin_files` are those that commands to repeat a run have to name.

    Raises:
        HarnessError: the site cannot be written.
    """
    try:
        return _Site(
            board,
            out,
            specs,
            verdicts,
            findings,
            thumbnails,
            plugin_files,
        ).write()
    except OSError as error:
        why = error.strerror or error
        raise HarnessError(f"cannot write the site to {out}: {why}; choose another folder") from error


class _Site:
    def __init__(
        self,
        board: Board,
        out: Path,
        specs: Metrics,
        verdicts: Sequence[Verdict],
        findings: Sequence[Finding],
        thumbnails: Thumbnails | None,
        plugin_files: Sequence[Path],
    ) -> None:
        self.board, self.out, self.specs, self.verdicts = board, out, specs, verdicts
        self.findings, self.thumbnails, self.plugin_files = findings, thumbnails, plugin_files
        self.pages = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.pages.filters["json"] = in_script
        self.menu = [
            {
                "title": self._title(dataset, demo),
                "link": page_of(dataset, demo),
            }
            for dataset, demo in board.expected
        ]

    def _title(self, dataset: str, demo: bool) -> str:
        return self.board.titles[dataset] + (" (demo)" if demo else "")

    def write(self) -> Path:
        if (self.out / "index.html").exists() and not (self.out / WHOLE).exists():
            raise HarnessError(f"{self.out} holds pages that are not a leaderboard's; choose another folder")
        for folder in PAGES:
            (self.out / folder).mkdir(parents=True, exist_ok=True)
            _clear(self.out / folder, "[0-9a-f]{12}")
        _clear(self.out, "d-[a-z0-9_-]+")
        for folder in ASSETS:
            shutil.copytree(
                HERE / folder,
                self.out / folder,
                dirs_exist_ok=True,
            )
        (self.out / ".nojekyll").write_text("")
        whole = whole_json(self.board, self.verdicts)
        (self.out / WHOLE).write_text(json.dumps(whole, allow_nan=False), encoding="utf-8")
        found = [section for sections in self.board.sections.values() for section in sections]
        self.pairs = {s.key: table["pairs"] for s, table in zip(found, whole["tables"], strict=True)}
        self.tables = {section.key: content.table(self.board, section, self.specs) for section in found}
        tables = [self._dataset(key, found) for key, found in self.board.sections.items()]
        counts = Counter(finding.level for finding in self.findings)
        self._page(
            "index.html",
            "index.html",
            "",
            title="Leaderboard",
            tables=tables,
            first=FIRST,
            counts=counts,
        )
        for place, shown in zip(self.menu, tables, strict=True):
            mine = [v for v in self.verdicts if v.dataset == shown["dataset"] and v.demo == shown["demo"]]
            self._page(
                place["link"],
                "dataset.html",
                "",
                **shown,
                tab=place["title"],
                verdicts=mine,
                points=_points,
            )
        self._page(
            AUDIT,
            AUDIT,
            "",
            title="Audit",
            findings=self.findings,
        )
        self._rows()
        return self.out / "index.html"

    def _dataset(
        self,
        key: tuple[str, bool],
        found: list[Section],
    ) -> dict[str, Any]:
        dataset, demo = key
        parts = [self._section(section) for section in found]
        name = self.board.titles[dataset]
        return {
            "title": name,
            "dataset": dataset,
            "demo": demo,
            "sections": parts,
            "link": page_of(dataset, demo),
        }

    def _section(self, section: Section) -> dict[str, Any]:
        classes = list(section.protocol["classes"])
        table = self.tables[section.key]
        names = {line["row"]: line["name"] for line in table["rows"]}
        drawn = {
            name: charts.pareto(section.rows, cost, names)
            for name, cost in zip(("GFLOPs", "latency"), charts.COSTS, strict=True)
        }
        selection = str(section.protocol["selection"])
        note = " ".join(pages.power(self.board, section))
        return {
            "id": "-".join(["t", *(re.sub(r"\W+", "_", str(part)) for part in section.key)]),
            "heading": pages.SELECTED.get(selection, selection),
            "worth": next(iter(in_title(section.caveats)), ""),
            "protocol": content.facts({k: v for k, v in section.protocol.items() if k != "classes"}),
            "table": table,
            "charts": {name: spec for name, spec in drawn.items() if spec},
            "power": note,
            "hardware": " ".join(pages.hardware(section, str)),
            "pairs": matrices(self.pairs[section.key], names),
            "classes": classes,
            "recalls": [
                {**line, "cells": content.recall_table(row, classes)}
                for row, line in zip(section.rows, table["rows"], strict=True)
            ],
        }

    def _rows(self) -> None:
        sums = self.board.confusions
        jobs = self.board.jobs.frame[["row", "fold", "seed", "status", "error", "id", "path"]].join(
            self.board.jobs.metrics[["war", "uar"]]
        )
        groups = {str(row): part.to_dict("records") for row, part in jobs.groupby("row")}
        folders = {}
        for name, part in groups.items():
            folders[name] = [Path(job["path"]) for job in part if job["status"] == "done"]
        histories = content.histories(folders)
        for section in (section for found in self.board.sections.values() for section in found):
            for row, line in zip(
                section.rows,
                self.tables[section.key]["rows"],
                strict=True,
            ):
                self._row(
                    row,
                    line,
                    section,
                    groups[row["row"]],
                    histories[row["row"]],
                    sums.get(row["row"]),
                )

    def _row(
        self,
        row: Any,
        line: Any,
        section: Section,
        jobs: list[Any],
        history: list[Any],
        counts: Any,
    ) -> None:
        classes = list(section.protocol["classes"])
        place = (section.dataset, bool(row["demo"]))
        dataset, back = self._title(*place), page_of(*place)
        bins = self.board.evidence.reliability.get(row["row"])
        drawn = {
            "Seeds and folds": charts.dots([job for job in jobs if job["status"] == "done"]),
            "Training loss": charts.loss(history),
            "Scores by epoch": charts.scores(history),
            "Reliability": None if bins is None else charts.reliability(bins),
        }
        self._page(
            f"rows/{row['row']}.html",
            "row.html",
            "../",
            title=line["name"],
            row=row,
            tab=f"{line['name']}, {dataset}",
            dataset=dataset,
            back=back,
            badges=content.badges(row),
            line=line,
            head=content.HEAD,
            classes=classes,
            recalls=content.recall_table(row, classes),
            confusion=content.confusion(counts) if counts else None,
            charts={name: spec for name, spec in drawn.items() if spec and spec["data"]["values"]},
            facts=content.facts({k: v for k, v in self.board.jobs.facts[row["row"]].items() if k not in HIDDEN}),
            findings=[finding for finding in self.findings if finding.row == row["row"]],
            jobs=[{**job, "link": f"../runs/{job['id']}.html"} for job in jobs],
        )
        for job in jobs:
            self._run(job, row, line["name"], dataset, back)

    def _run(
        self,
        job: Mapping[str, Any],
        row: Any,
        name: str,
        dataset: str,
        back: str,
    ) -> None:
        result = read(Path(job["path"]) / "result.json")
        shown = {name: result[name] for name in SHOWN if result.get(name)}
        provenance = result.get("provenance") or {}
        self._page(
            f"runs/{job['id']}.html",
            "run.html",
            "../",
            title=f"{name}, {dataset}, fold {job['fold']}, seed {job['seed']}",
            name=name,
            dataset=dataset,
            back=back,
            row=row,
            job=job,
            status=result["status"],
            error=result.get("error"),
            command=command(result, self.plugin_files),
            clips=self.thumbnails.of(result, Path(job["path"])) if self.thumbnails else [],
            metrics=[(name, cells.value(value, name, self.specs)) for name, value in result["metrics"].items()],
            cost=content.facts({k: v for k, v in (result.get("cost") or {}).items() if k != "uncounted"}),
            facts=content.facts(shown),
            provenance=content.facts({k: v for k, v in provenance.items() if k != "host"}),
            warnings=[str(w) for w in result.get("warnings") or []],
        )

    def _page(
        self,
        file: str,
        template: str,
        up: str,
        **values: Any,
    ) -> None:
        page = self.pages.get_template(template)
        text = page.render(
            up=up,
            file=file,
            menu=self.menu,
            version=__version__,
            footer=self._footer,
            **values,
        )
        (self.out / file).write_bytes(text.encode("utf-8", "replace"))

    @property
    def _footer(self) -> str:
        return f"dfer-harness {__version__}, {len(self.board.jobs.frame)} results"


def _clear(folder: Path, names: str) -> None:
    """Remove the pages that an earlier site left here: a run that is gone, or a frame that is shown no more."""
    for page in folder.glob("*.html"):
        if re.fullmatch(names, page.stem):
            with suppress(FileNotFoundError):
                page.unlink()


def page_of(dataset: str, demo: bool) -> str:
    """Return the file of a dataset's page."""
    return f"d-{dataset_stem(dataset, demo)}.html"


def in_script(data: Any) -> Markup:
    """Return JSON that may stand in a script element: no `<`, so that nothing in it can close the element."""
    text = json.dumps(data, allow_nan=False, default=_plain)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


def _points(value: float | None) -> str:
    return cells.DASH if value is None or pd.isna(value) else f"{value * 100:.2f}"

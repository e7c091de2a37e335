"""`harness status`: what the store holds, what runs, and what is still to come."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.output import (
    Json,
    PluginFiles,
    Runs,
    load_plugins,
    one_of,
    out,
    print_json,
    print_table,
    roots_of,
    say,
    warn_left_out,
)
from harness.core.errors import HarnessError, UnknownName, suggestion
from harness.plugin import registry
from harness.system.regular import MB, read_regular

STATES = ("planned", "running", "done", "quick", "failed", "stale")
PROGRESS = ("planned", "stale", "failed", "quick", "running", "done")
POLL_SECONDS = 0.5
LARGEST_LOG = 1024 * MB  # bytes


def status(
    folder: Annotated[Path | None, typer.Argument(help="A runs folder; the same as --runs.")] = None,
    runs: Runs = None,
    plugin: PluginFiles = None,
    log: Annotated[str | None, typer.Option("--log", help="Show the log of a job: its id, or how it starts.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="With --log: go on until the job ends.")] = False,
    json_: Json = False,
) -> None:
    """Count the jobs of each dataset and method: planned, running, done, quick, failed, or stale.

    A job is quick if `bench --quick` made its result, which the next full run replaces. It is stale if another source
    of its plugin made it, at the same version. A result whose files are not whole is
    none: its job is planned again.

    Examples:

        harness status runs

        harness status runs --log 3fa2 --follow
    """
    roots = roots_of(runs, folder)
    for root in roots:
        if not root.is_dir():
            raise HarnessError(f"{root}: no such folder; `harness bench` makes it")
    named = ", ".join(str(root) for root in roots)
    if log is not None:
        _show_log(one_of(roots, "status --log"), log, follow=follow)
        return
    load_plugins(plugin)
    left_out: dict[str, str] = {}
    rows = _rows(roots, left_out)
    warn_left_out(left_out)
    if json_:
        print_json({"runs": named, "rows": rows, "left_out": left_out})
    elif rows:
        print_table(
            f"Jobs in {named}",
            ["dataset", "method", *STATES],
            [tuple(r.values()) for r in rows],
        )
    else:
        say(f"no results in {named}")


def _rows(roots: Sequence[Path], left_out: dict[str, str]) -> list[dict[str, object]]:
    from harness.results.status import Entry, job_states

    counts: dict[tuple[str, str], Counter[str]] = {}
    entries: dict[str, Entry] = {}  # a job that several folders know is counted once, as the one furthest with it says
    for root in roots:
        for entry in job_states(root, registry.method_sources(), left_out):
            known = entries.get(entry.id)
            if known is None or PROGRESS.index(entry.state) > PROGRESS.index(known.state):
                entries[entry.id] = entry
    for entry in entries.values():
        counts.setdefault((entry.dataset, entry.row), Counter())[entry.state] += 1
    lines = []
    for (dataset, method), of_row in sorted(counts.items()):
        by_state = {state: of_row[state] for state in STATES}
        lines.append({"dataset": dataset, "method": method, **by_state})
    return lines


def _show_log(
    root: Path,
    job: str,
    *,
    follow: bool,
) -> None:
    from harness.system.leases import Leases

    shown = 0
    while True:
        job_id, path = _log_of(root, job)
        text = _text_of(path)
        out.print(
            text[shown:],
            end="",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        shown = len(text)
        if not follow or not Leases(root).held(job_id):
            return
        time.sleep(POLL_SECONDS)


def _text_of(path: Path) -> str:
    """Return a log, as far as it is written. Raises: HarnessError if there is something else in its place."""
    try:
        return read_regular(path, LARGEST_LOG).decode(errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise HarnessError(f"{path}: {error.strerror or error}") from error


def _log_of(root: Path, job: str) -> tuple[str, Path]:
    """Return the one job whose id starts so, and its log: of the run that is under way, else of the result."""
    found: dict[str, Path] = {}
    for path in (*root.glob("[!.]*/[!.]*/*/log.txt"), *root.glob(".drafts/*/log.txt")):
        name = path.parent.name
        job_id = name.partition("-")[0] if ".drafts" in path.parts else name.rpartition("-")[2]
        if job_id.startswith(job):
            found[job_id] = path
    if len(found) == 1:
        return next(iter(found.items()))
    if found:
        raise UnknownName(f"{job!r} is how several jobs start: {', '.join(sorted(found))}")
    known = {path.parent.name.rpartition("-")[2] for path in root.glob("[!.]*/[!.]*/*/log.txt")}
    raise UnknownName(f"no log of job {job!r} in {root}; {suggestion(job, known)}")

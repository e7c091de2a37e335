"""`harness study`: a paper's table, run and shown beside the printed numbers."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import Annotated, Any

import typer

from harness.cli import bench
from harness.cli.exits import EXIT_FAILED_JOBS
from harness.cli.output import Json, load_plugins, print_json, print_table, report_problems, say, warn_left_out
from harness.core.errors import BadOption
from harness.plugin import registry

OWN_FLAGS = ("ctx", "bench_file", "methods", "debug", "json_")  # of `bench`: what a study says itself


def study(
    name: Annotated[str | None, typer.Argument(help="The study; see --list.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the studies.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Run nothing; fill the table from what --out holds.")] = False,
    json_: Json = False,
    **flags: Any,
) -> None:
    """Run the rows of a printed table as variants of one bench, and show them beside the paper's numbers.

    All other flags are those of `harness bench`. A cell that was not run is a dash.

    Examples:

        harness study --list

        harness study a3lign-table3 --demo --folds 1

        harness study a3lign-table3 --data-root /data --seeds 1,2,3

        harness study a3lign-table3 --show --out runs
    """
    if list_ or name is None:
        load_plugins(flags["plugin"])
        if name is None and not list_:
            raise BadOption("which study? harness study NAME; --list names them")
        _show_list(json_)
        return
    quiet = bool(flags["quiet"]) or json_
    bench.say_loading(quiet=quiet)
    registry.plugins().add_asked(flags["plugin"] or ())
    from harness.api import results_of
    from harness.results.store import Store
    from harness.studies.request import as_bench, study_named
    from harness.studies.stored import stored_results

    spec = study_named(name)
    request = as_bench(spec, bench.flags_of(flags))
    if request is None or show:
        report_problems()
        store = Store(request.out) if request else None
        results = stored_results(spec, store) if store else []
        warn_left_out(store.left_out if store else {})
        _show(spec, results, json_)
        return
    plan = bench.plan_of(
        request,
        quiet=quiet,
        dry_run=flags["dry_run"],
    )
    if flags["dry_run"]:
        bench.show_plan(plan, json_)
        return
    bench.run_plan(plan, request, quiet=quiet)
    results = results_of(plan)
    _show(spec, results, json_)
    if any(result["status"] == "failed" for result in results):
        raise typer.Exit(EXIT_FAILED_JOBS)


def _with_bench_flags() -> inspect.Signature:
    """Return the signature that Typer reads: our own parameters, then every flag of `bench`."""
    own = inspect.signature(study, eval_str=True).parameters.values()
    named = [p for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD]
    flags = inspect.signature(bench.bench, eval_str=True).parameters.values()
    return inspect.Signature([*named, *(flag for flag in flags if flag.name not in OWN_FLAGS)])


study.__signature__ = _with_bench_flags()  # type: ignore[attr-defined]


def _show_list(json_: bool) -> None:
    specs = [offer.spec for offer in registry.plugins().offers("studies").values()]
    facts = []
    for spec in specs:
        facts.append({"name": spec.name, "title": spec.title, "paper": spec.paper, "rows": len(spec.rows)})
    if json_:
        print_json({"studies": facts})
    else:
        print_table(
            "Studies",
            ["name", "title", "paper", "rows"],
            [tuple(fact.values()) for fact in facts],
        )


def _show(
    spec: Any,
    results: Sequence[Mapping[str, Any]],
    json_: bool,
) -> None:
    from harness.leaderboard.render import board_of
    from harness.studies.gains import gain_facts, gain_notes, gains_of, gains_table
    from harness.studies.request import columns_for
    from harness.studies.table import facts, lines_of, markdown_table, notes

    columns = columns_for(spec, (result["dataset"] for result in results))
    with redirect_stdout(sys.stderr):
        lines = lines_of(spec, columns, results)
        gains = gains_of(spec, columns, board_of(results, registry.datasets()))
    if json_:
        print_json({**facts(spec, columns, lines, results), "gains": gain_facts(gains)})
        return
    parts = [f"{spec.title} ({spec.paper})", markdown_table(spec, columns, lines)]
    parts += [gains_table(gains)] if gains else []
    say("\n\n".join(parts) + "\n")
    for note in [*notes(lines, results), *gain_notes(gains)]:
        say(f"- {note}")

"""`harness bench`: run every method under one protocol."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from harness.cli.exits import EXIT_FAILED_JOBS
from harness.cli.output import WIDEST, Json, print_json, print_table, report_problems, say, warn
from harness.core.errors import BadOption
from harness.core.events import say_nothing
from harness.system.screen import Screen

if TYPE_CHECKING:
    from harness.core.request import Request
    from harness.planning.plan import Plan

REPEATED = ("plugin", "layout", "weights", "pretrained")  # flags that may be given several times
NAMES = {"out_dir": "out", "set_": "set", "compile_": "compile"}  # parameters that may not have the name of their flag


def bench(
    ctx: typer.Context,
    bench_file: Annotated[Path | None, typer.Argument(help="A TOML file whose keys are the flags below.")] = None,
    methods: Annotated[str | None, typer.Option(help="Names, comma-separated, or `all`.")] = None,
    datasets: Annotated[str | None, typer.Option(help="Names, comma-separated, or `all`.")] = None,
    folds: Annotated[str | None, typer.Option(help="Names of folds, or `all` (default).")] = None,
    seeds: Annotated[str | None, typer.Option(help="Comma-separated; default 1.")] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="NAME[:TAG|:FILE|:random], or `paper`: what each method's paper used; default ViT-B-32, with --demo "
            "the bundled `demo`. Methods that bring a network of their own keep it."
        ),
    ] = None,
    executor: Annotated[Literal["ray", "inline"] | None, typer.Option(help="Where jobs run; default ray.")] = None,
    selection: Annotated[
        Literal["last", "val", "oracle"] | None,
        typer.Option(
            help="Epoch that counts: the last (default), the best on held-out training clips, or the best "
            "on the test clips, which tables mark."
        ),
    ] = None,
    out_dir: Annotated[Path | None, typer.Option("--out", help="Folder for results; default runs.")] = None,
    data_root: Annotated[Path | None, typer.Option(help="Folder that holds DFEW/ FERV39k/ MAFW/.")] = None,
    dataset_name: Annotated[
        str | None,
        typer.Option(help="Name of the clips of your own that `--datasets folder` reads; tables say it."),
    ] = None,
    layout: Annotated[
        list[str] | None,
        typer.Option(help="DATASET=CLIPS:LISTS, folders to read instead of what is found; may be repeated."),
    ] = None,
    demo: Annotated[
        bool | None,
        typer.Option("--demo", help="Run on synthetic replicas, written to demo-data where missing."),
    ] = None,
    plugin: Annotated[list[Path] | None, typer.Option(help="A Python file with hooks; may be repeated.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="METHOD.OPTION=VALUE; see `harness list methods --options`."),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="A named recipe of the methods, such as scratch-112; `source` is each one's own."),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            help="METHOD=FILE, all that its authors trained: it is only tested, on one fold, and not ranked; may be "
            "repeated."
        ),
    ] = None,
    pretrained: Annotated[
        list[str] | None,
        typer.Option(help="METHOD=FILE, public weights that its training starts from; may be repeated."),
    ] = None,
    on_bad_sample: Annotated[
        Literal["fail", "skip"] | None,
        typer.Option(help="What a clip that cannot be read does; default fail."),
    ] = None,
    no_cache: Annotated[
        bool | None, typer.Option("--no-cache", help="Encode anew each epoch, with fresh augmentation.")
    ] = None,
    quick: Annotated[
        bool | None,
        typer.Option("--quick", help="No latency, no cost; its results are not ranked, and a full run replaces them."),
    ] = None,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", help="Take one step and test one batch of each job, show shapes and gradients; store nothing."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    retry_failed: Annotated[bool | None, typer.Option("--retry-failed", help="Run failed jobs again.")] = None,
    force: Annotated[bool | None, typer.Option("--force", help="Run every job, done or not.")] = None,
    keep_stale: Annotated[
        bool | None, typer.Option("--keep-stale", help="Keep results whose plugin has changed since.")
    ] = None,
    save_weights: Annotated[
        bool | None, typer.Option("--save-weights", help="Store what was trained, as safetensors.")
    ] = None,
    compile_: Annotated[
        bool | None,
        typer.Option("--compile", help="Compile the layers of trained towers; needs g++ on a CPU."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Threads of a job; default its CPUs, else 1. Sums differ between counts.")
    ] = None,
    address: Annotated[str | None, typer.Option(help="Ray's address: `auto`, `ray://HOST:PORT`, `HOST:PORT`.")] = None,
    gpus_per_job: Annotated[
        float | None, typer.Option(help="GPUs of a job, also a fraction; default what its method declares.")
    ] = None,
    cpus_per_job: Annotated[int | None, typer.Option(help="CPUs of a job; default its threads.")] = None,
    max_jobs: Annotated[int | None, typer.Option(help="Jobs at a time; default as many as there is room for.")] = None,
    max_retries: Annotated[
        int | None, typer.Option(help="How often a job is tried again whose worker was lost; default 2.")
    ] = None,
    job_timeout: Annotated[float | None, typer.Option(help="Seconds after which a job is cut; default never.")] = None,
    collect: Annotated[
        bool | None, typer.Option("--collect", help="No folder is shared: workers send results back to the driver.")
    ] = None,
    ship_code: Annotated[
        bool | None, typer.Option("--ship-code", help="Send the harness along, where workers have not installed it.")
    ] = None,
    logs: Annotated[bool | None, typer.Option("--logs", help="Show what jobs log, as they log it.")] = None,
    trackers: Annotated[str | None, typer.Option(help="tensorboard, mlflow, wandb; comma-separated.")] = None,
    loader_workers: Annotated[
        int | None, typer.Option(help="Processes that decode frames for a job; default 0.")
    ] = None,
    checkpoint_every: Annotated[
        int | None,
        typer.Option(help="Epochs between two checkpoints of an unfinished job; default 1; 0 = on SIGTERM only."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json_: Json = False,
) -> None:
    """Run methods on datasets, fold by fold and seed by seed, and store every result.

    What is already done is not run again, so the same command goes on where a run was stopped. A job that fails is a
    `failed` result with its reason; the others go on, and the exit code is 1. Methods that `all` stands for and that
    lack weights here are left out and named.

    Examples:

        harness bench --demo

        harness bench --methods all --datasets dfew,ferv39k,mafw --data-root /data --seeds 1,2,3

        harness bench --methods coop --datasets dfew --folds 1 --set coop.context_tokens=8 --dry-run

        harness bench my.toml
    """
    from harness.core.request import build_request

    # From flags and file to jobs; nothing has run after this.
    quiet = quiet or json_
    request = build_request(flags_of(ctx.params), bench_file)
    if debug:
        _check_debug(request, dry_run=dry_run, json_=json_)
    say_loading(quiet=quiet)
    plan = plan_of(request, quiet=quiet, dry_run=dry_run or debug)
    if debug:
        _debug(plan)
        return
    if dry_run:
        show_plan(plan, json_)
        return

    # The run. A failed job is a result, but not a success: not of this run, nor of one before.
    results = run_plan(plan, request, quiet=quiet)
    _show_results(plan, results, json_)
    failed = [p for p in plan.jobs if p.state == "failed" and p.job not in plan.todo]
    if failed or any(result["status"] == "failed" for result in results):
        raise typer.Exit(EXIT_FAILED_JOBS)


def _check_debug(
    request: Request,
    *,
    dry_run: bool,
    json_: bool,
) -> None:
    """Look whether the other flags leave room for `--debug`. Raises: BadOption."""
    if request.executor != "inline" and "executor" in request.model_fields_set:
        raise BadOption(f"--debug runs in this process only: leave out --executor {request.executor}, or say inline")
    if dry_run or json_:
        raise BadOption(f"--debug prints for people what it does: leave out {'--dry-run' if dry_run else '--json'}")


def _debug(plan: Plan) -> None:
    """Show one step and one test batch of each job. Raises: Exit with code 1 if one fails."""
    from harness.execution.debug_jobs import debug_jobs

    shown = Screen(file=sys.stdout, width=WIDEST)
    with redirect_stdout(sys.stderr):  # what plugins print
        failed = debug_jobs(
            plan,
            lambda line: shown.print(line, markup=False, highlight=False, soft_wrap=True),
            warn,
        )
    say(f"{len(plan.jobs) - len(failed)} of {len(plan.jobs)} jobs took their step; nothing is stored")
    if failed:
        raise typer.Exit(EXIT_FAILED_JOBS)


def flags_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of `bench` as keys of a request; those that are no part of one are left out."""
    from harness.core.request import Request, parse_overrides

    named = {NAMES.get(parameter, parameter): value for parameter, value in params.items()}
    flags = {name: value for name, value in named.items() if name in Request.model_fields}
    repeated = {name: flags[name] or None for name in REPEATED}  # not given at all is None, not empty
    return {
        **flags,
        **repeated,
        "set": parse_overrides(flags["set"] or ()) or None,
    }


def say_loading(*, quiet: bool) -> None:
    """Say that plugins are loaded, before anything is imported that takes seconds."""
    if not quiet:
        warn("loading plugins")


def plan_of(
    request: Request,
    *,
    quiet: bool,
    dry_run: bool,
) -> Plan:
    """Load plugins, write demo data where missing, plan, and report plugins that were left out."""
    from harness.execution import run_bench

    with redirect_stdout(sys.stderr):  # what plugins and Ray print must not mix with our facts
        plan = run_bench.plan_bench(
            request,
            _demo_progress(quiet),
            dry_run=dry_run,
            say=say_nothing if quiet else warn,
        )
    report_problems()
    for note in () if quiet else plan.notes:
        warn(note)
    for method, reason in plan.left_out.items():
        warn(f"left out: {method}: {reason}")
    return plan


def run_plan(
    plan: Plan,
    request: Request,
    *,
    quiet: bool,
) -> list[dict[str, Any]]:
    """Run what is to do, with progress. Returns the results of what ran."""
    if plan.todo and not quiet:
        warn(f"starting {len(plan.todo)} of {len(plan.jobs)} jobs, {request.executor}")
    from harness.execution import run_bench
    from harness.execution.progress import progress

    with redirect_stdout(sys.stderr), progress(plan, quiet=quiet) as send:
        return [result for _, result in run_bench.run(plan, request.executor, send)]


def _demo_progress(quiet: bool) -> Any:
    def show(
        name: str,
        done: int,
        total: int,
    ) -> None:
        if done == total and not quiet:
            warn(f"wrote the synthetic replica of {name}: {total} clips")

    return show


def show_plan(plan: Plan, json_: bool) -> None:
    """Show what a run would do."""
    facts = {
        "jobs": [{**_brief(planned.job), "state": planned.state} for planned in plan.jobs],
        "states": dict(plan.states),
        "to_do": len(plan.todo),
        "encoder_passes": plan.frames_to_encode,
        "left_out": dict(plan.left_out),
    }
    if json_:
        print_json(facts)
        return
    todo = {job.id for job in plan.todo}
    print_table(
        "Plan",
        ["dataset", "fold", "method", "seed", "job", "stored", "will run"],
        [
            (
                p.job.dataset,
                p.job.fold,
                p.job.row,
                p.job.seed,
                p.job.id,
                p.state,
                "yes" if p.job.id in todo else "no",
            )
            for p in plan.jobs
        ],
    )
    states = ", ".join(f"{count} {state}" for state, count in sorted(plan.states.items()))
    say(f"{len(plan.jobs)} jobs ({states}); {len(plan.todo)} to run")
    say(f"{plan.frames_to_encode:,} encoder passes to fill the feature cache")


def _show_results(
    plan: Plan,
    results: list[dict[str, Any]],
    json_: bool,
) -> None:
    if json_:
        facts = {
            "results": results,
            "skipped": len(plan.jobs) - len(plan.todo),
            "runs": plan.context.out,
        }
        print_json({**facts, "left_out": dict(plan.left_out)})
        return
    for result in results:
        if result["status"] == "failed":
            warn(
                f"failed: {result['dataset']}/{result['fold']} {result['variant'] or result['method']} "
                f"seed {result['seed']}: {result['error']}"
            )
    failed = sum(result["status"] == "failed" for result in results)
    kept = len(plan.jobs) - len(plan.todo)
    say(f"{len(results) - failed} jobs done, {failed} failed, {kept} kept from before; results in {plan.context.out}")
    quick = sum(bool(result.get("quick")) for result in results)
    if quick:
        say(f"{quick} of them are quick: not ranked, and run again without --quick")
    old = sum(p.state == "failed" and p.job not in plan.todo for p in plan.jobs)
    if old:
        say(f"{old} of those kept had failed; --retry-failed runs them again")
    say("Tables: harness leaderboard")


def _brief(job: Any) -> dict[str, Any]:
    return {"id": job.id, "dataset": job.dataset, "fold": job.fold, "method": job.method, "variant": job.variant,
            "seed": job.seed, "backbone": job.backbone.name}  # fmt: skip

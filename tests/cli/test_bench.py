"""`harness bench`: the plan, the run, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers.commands import Invoke


def test_a_dry_run_prints_the_plan_and_runs_nothing(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    answer = invoke(*toy_args, "--methods", "linear,zero-shot-clip", "--folds", "all", "--dry-run")
    assert answer.code == 0
    assert "4 jobs (4 missing); 4 to run" in answer.out
    assert "384 encoder passes to fill the feature cache" in answer.out  # 24 clips of 16 frames
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_as_json_counts_what_is_done(invoke: Invoke, toy_args: list[str]) -> None:
    invoke(*toy_args)
    facts = json.loads(invoke(*toy_args, "--folds", "all", "--dry-run", "--json").out)
    assert set(facts) == {"jobs", "states", "to_do", "encoder_passes", "left_out"}
    assert [(job["fold"], job["method"], job["seed"], job["state"]) for job in facts["jobs"]] == [
        ("1", "linear", 1, "done"),
        ("2", "linear", 1, "missing"),
    ]
    assert (facts["states"], facts["to_do"], facts["encoder_passes"]) == ({"done": 1, "missing": 1}, 1, 0)


def test_a_run_says_what_it_did_and_the_same_command_does_nothing_more(invoke: Invoke, toy_args: list[str]) -> None:
    first, again = invoke(*toy_args), invoke(*toy_args)
    assert (first.code, again.code) == (0, 0)
    assert "1 jobs done, 0 failed, 0 kept from before; results in " in first.out
    assert "0 jobs done, 0 failed, 1 kept from before" in again.out
    assert "[1/1] toy/1 linear seed 1  WAR" in first.err
    assert "started" not in again.err


STEPS = (
    "loading plugins",
    "planning",
    "looking for backbones and weights",
    "reading annotations of toy, counting its frames; those that are new are read once",
    "looking up 1 jobs in ",
    "starting 1 of 1 jobs, inline",
    "started toy/1 linear seed 1",
)


def test_a_run_says_each_step_before_it_is_taken(invoke: Invoke, toy_args: list[str]) -> None:
    first = invoke(*toy_args)
    places = [first.err.index(step) for step in STEPS]
    assert places == sorted(places)
    again = invoke(*toy_args, "--dry-run")
    assert STEPS[-3] in again.err
    assert STEPS[-2] not in again.err


def test_the_first_step_is_said_before_anything_that_takes_long_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom harness.cli import bench, main\n"
        "heavy = lambda: [m for m in ('torch', 'pandas', 'harness.planning.plan') if m in sys.modules]\n"
        "bench.warn = lambda text: print(text, heavy())\n"
        "sys.argv = ['harness', 'bench', '--datasets', 'nowhere', '--methods', 'coop']\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout.splitlines()[0] == "loading plugins []"


def test_json_is_all_that_standard_output_gets(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    answer = invoke(*toy_args, "--json")
    facts = json.loads(answer.out)
    assert (facts["results"][0]["status"], facts["skipped"]) == ("done", 0)
    assert facts["runs"] == str(tmp_path / "runs")
    assert answer.err == ""


def test_quiet_shows_no_progress(invoke: Invoke, toy_args: list[str]) -> None:
    assert invoke(*toy_args, "--quiet").err == ""


def test_a_failed_job_is_exit_1_with_its_reason_until_it_is_mended(invoke: Invoke, toy_args: list[str]) -> None:
    broken = [*toy_args, "--set", "linear.fault=raise"]
    first, again, retried = invoke(*broken), invoke(*broken), invoke(*broken, "--retry-failed")
    assert (first.code, again.code, retried.code) == (1, 1, 1)
    assert "failed: toy/1 linear seed 1: ValueError: broken on purpose (toy.py:" in first.err
    assert "0 jobs done, 1 failed, 0 kept" in first.out
    assert "1 of those kept had failed; --retry-failed runs them again" in again.out
    assert "0 jobs done, 1 failed, 0 kept" in retried.out
    assert all("Traceback" not in answer.err for answer in (first, again, retried))


def test_a_bench_file(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(
        'seeds = [1, 2]\nout = "else where"\n[set.linear]\nepochs = 1\n'
        '[[variant]]\nname = "long"\nmethod = "linear"\nset = { epochs = 3 }\n'
    )
    facts = json.loads(invoke(toy_args[0], "my.toml", *toy_args[1:], "--json").out)
    made = [(r["variant"], r["seed"], r["options"]["epochs"]) for r in facts["results"]]
    assert made == [("", 1, 1), ("", 2, 1), ("long", 1, 3), ("long", 2, 3)]
    assert len(list((tmp_path / "else where" / "toy" / "linear").iterdir())) == 4


def test_flags_reach_the_job(invoke: Invoke, toy_args: list[str]) -> None:
    flags = "--set linear.epochs=1 --seeds 3 --selection val --no-cache --threads 2 --on-bad-sample skip --save-weights"
    (result,) = json.loads(invoke(*toy_args, *flags.split(), "--json").out)["results"]
    assert (result["options"]["epochs"], result["seed"], result["selection"]) == (1, 3, "val")
    assert (result["input"]["views"], result["provenance"]["threads"], result["on_bad_sample"]) == (0, 2, "skip")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--out": "file"}, "harness: cannot write results to"),
        ({"--out": "/proc/runs"}, "choose another folder with --out"),
        ({"--data-root": "nowhere"}, "harness: Toy: no folder"),
        ({"--backbone": "tiny:none.pt"}, "harness: backbone tiny: no weights file none.pt"),
        ({"--folds": "9"}, "harness: unknown fold '9'; known: 1, 2"),
        ({"--set": "linear.epochs=-1"}, "greater than or equal to 0"),
        ({"--seeds": "one"}, "harness: seeds.0"),
        ({"--seeds": ""}, "harness: seeds"),
        ({"--threads": "0"}, "harness: threads"),
    ],
)
def test_a_mistake_is_said_before_any_work(
    invoke: Invoke, toy_args: list[str], tmp_path: Path, change: dict[str, str], message: str
) -> None:
    (tmp_path / "file").write_text("")
    answer = invoke(*toy_args, *[part for pair in change.items() for part in pair])
    assert answer.code == 2
    assert message in answer.err
    assert "started" not in answer.err
    assert "Traceback" not in answer.err
    assert not list(tmp_path.rglob("result.json"))


def test_a_broken_plugin_that_was_named_stops_the_run(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    (tmp_path / "broken_one.py").write_text("import not_installed_anywhere\n")
    answer = invoke(*toy_args, "--plugin", tmp_path / "broken_one.py")
    forget_broken()
    assert answer.code == 2
    assert "plugin broken_one: ModuleNotFoundError" in answer.err
    assert "mend it, or go without it" in answer.err
    assert not (tmp_path / "runs").exists()


def test_a_broken_plugin_of_the_configuration_is_reported_and_the_run_goes_on(
    invoke: Invoke, toy_args: list[str], tmp_path: Path
) -> None:
    (tmp_path / "broken_one.py").write_text("import not_installed_anywhere\n")
    (tmp_path / "config.toml").write_text('plugins = ["broken_one.py"]\n')
    answer = invoke(*toy_args)
    assert answer.code == 0
    assert "plugin broken_one left out: ModuleNotFoundError" in answer.err
    assert "1 jobs done" in answer.out
    assert "broken_one" in invoke("doctor").out
    forget_broken()


def forget_broken() -> None:
    from helpers.commands import forget

    forget("broken_one")


def test_paths_may_hold_anything(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    place = tmp_path / "ru ns \"'[bold]ü😀"
    args: list[Any] = [*toy_args, "--out", place]
    answer = invoke(*args)
    assert answer.code == 0
    assert str(place) in answer.out
    assert len(list(place.rglob("result.json"))) == 1

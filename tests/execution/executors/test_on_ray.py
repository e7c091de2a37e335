"""Jobs on the real Ray, on this machine: the same bits as inline, and a dead worker costs its row only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.api import Results
from harness.execution.executors.event_queue import EventQueue, Throttled
from harness.results.store import Store
from helpers.commands import TOY, Bench, Cli

GOOD = """
methods = ["linear", "zero-shot-clip", "coop"]
datasets = ["toy"]
backbone = "tiny"
set.linear.epochs = 5
set.coop = { epochs = 2, context_tokens = 2, input = { frames = 2, views = 2 } }
set.zero-shot-clip.input.frames = 2
"""
BAD = "\n".join(
    f'[[variant]]\nname = "{fault}"\nmethod = "linear"\nset = {{ fault = "{fault}" }}'
    for fault in ("raise", "exit", "kill", "nan")
)
TRACKER = """
import json
from pathlib import Path
from harness import hookimpl

def write(hook, job):
    with Path(__file__).with_suffix(".jsonl").open("a") as file:
        file.write(json.dumps([job.id, hook]) + "\\n")

@hookimpl
def job_started(job):
    write("started", job)

@hookimpl
def epoch_ended(job):
    write("epoch", job)

@hookimpl
def job_finished(job):
    write("finished", job)
"""


@pytest.mark.slow
def test_ray_gives_the_bits_of_inline_and_survives_its_workers(
    cli: Cli, toy_bench: Bench, toy_root: Path, tmp_path: Path
) -> None:
    (tmp_path / "good.toml").write_text(GOOD)
    (tmp_path / "all.toml").write_text(GOOD + BAD)
    tracker = tmp_path / "tracker.py"
    tracker.write_text(TRACKER)
    flags = ["--plugin", TOY, "--plugin", tracker, "--data-root", toy_root, "--out", tmp_path / "ray", "--json"]
    done = cli(
        "bench",
        "all.toml",
        "--folds",
        "1",
        "--max-retries",
        "1",
        *flags,
        check=1,
        HARNESS_CACHE=str(tmp_path / "other cache"),
    )
    assert "Traceback" not in done.stderr
    results = {result["variant"] or result["method"]: result for result in json.loads(done.stdout)["results"]}

    everything_is_there(results)
    same_bits(results, toy_bench(tmp_path / "good.toml", methods=None, datasets=None, backbone=None), tmp_path / "ray")
    hooks_were_called_in_order(results, tracker)


def everything_is_there(results: dict[str, Any]) -> None:
    states = {row: result["status"] for row, result in results.items()}
    assert states == {
        **dict.fromkeys(("linear", "zero-shot-clip", "coop"), "done"),
        **dict.fromkeys(("raise", "exit", "kill", "nan"), "failed"),
    }
    assert "broken on purpose" in results["raise"]["error"]
    assert "epoch 1, step 1" in results["nan"]["error"]
    assert "it tried to end the process by os._exit(7) (toy.py:" in results["exit"]["error"]
    assert "WorkerCrashedError" in results["kill"]["error"]
    for row in ("exit", "kill"):
        assert set(results[row]) == set(results["raise"])  # as complete as any other failed row


def same_bits(results: dict[str, Any], inline: Results, out: Path) -> None:
    assert [r["method"] for r in inline] == ["linear", "zero-shot-clip", "coop"]
    stored = {result["id"]: result for result in Store(out).results()}
    assert len(stored) == 7
    for result in inline:
        other = stored[result["id"]]
        one, two = inline.predictions(result), Store(out).predictions(other)
        pd.testing.assert_frame_equal(one, two, check_exact=True)
        assert (result["metrics"], result["cost"]["gflops"]) == (other["metrics"], other["cost"]["gflops"])


def hooks_were_called_in_order(results: dict[str, Any], tracker: Path) -> None:
    calls = [json.loads(line) for line in tracker.with_suffix(".jsonl").read_text().splitlines()]
    epochs = {"linear": 5, "zero-shot-clip": 0, "coop": 2, "raise": 0}
    for row, count in epochs.items():
        mine = [hook for job, hook in calls if job == results[row]["id"]]
        assert mine == ["started", *["epoch"] * count, "finished"], row
    for row in ("exit", "kill"):
        mine = [hook for job, hook in calls if job == results[row]["id"]]
        assert (set(mine), mine.count("finished"), mine[-1]) == ({"started", "finished"}, 1, "finished")


def test_a_mailbox_gives_each_event_once_and_in_order() -> None:
    mailbox = EventQueue()
    for number in range(3):
        mailbox.put({"event": "epoch", "epoch": number})
    mailbox.flush()
    assert [event["epoch"] for event in mailbox.drain()] == [0, 1, 2]
    assert mailbox.drain() == []


def test_steps_are_thinned_out_and_nothing_else() -> None:
    sent: list[Any] = []
    send = Throttled(sent.append)
    for event in ("step", "step", "epoch", "step", "epoch"):
        send({"event": event})
    assert [event["event"] for event in sent] == ["step", "epoch", "epoch"]

"""From a request to jobs: what is chosen, what is refused before any work, and what is done already."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import BadData, BadOption, CannotWrite, HarnessError, UnknownName, WeightsMissing
from harness.core.request import build_request
from harness.data import clip_index
from harness.data.clip_content import sizes_digest
from harness.planning.plan import Plan, make_plan
from harness.plugin import registry
from helpers.commands import TOY, Bench, forget

Planner = Callable[..., Plan]


@pytest.fixture
def plan(toy_flags: dict[str, Any]) -> Planner:
    return lambda **flags: make_plan(build_request({**toy_flags, **flags}))


def names(plan: Plan) -> list[tuple[str, str, int]]:
    return [(p.job.fold, p.job.row, p.job.seed) for p in plan.jobs]


def test_jobs_are_datasets_by_folds_by_methods_by_seeds(plan: Planner) -> None:
    made = names(plan(methods="linear,coop", folds="all", seeds="1,2"))
    assert made == [(f, m, s) for f in ("1", "2") for m in ("linear", "coop") for s in (1, 2)]


def test_all_methods_are_the_registered_ones_without_variants_and_sketches(plan: Planner) -> None:
    variant = [{"name": "short", "method": "linear", "set": {"epochs": 1}}]
    rows = [row for _, row, _ in names(plan(methods="all", variant=variant))]
    sketches = {name for name, spec in registry.methods().items() if spec.exactness == "sketch"}
    assert sketches
    assert sorted(rows) == sorted({*registry.methods(), "short"} - sketches)


def test_variants_alone_run_alone(plan: Planner) -> None:
    variant = [{"name": "short", "method": "linear", "set": {"epochs": 1, "input": {"frames": 1}}}]
    (planned,) = plan(methods=None, variant=variant).jobs
    assert (planned.job.variant, planned.job.method, planned.job.options["epochs"]) == ("short", "linear", 1)
    assert planned.job.input.frames == 1


def test_what_is_named_twice_runs_once(plan: Planner) -> None:
    assert names(plan(methods="linear,linear", datasets="toy,toy", folds="1,1", seeds="1,1")) == [("1", "linear", 1)]


def test_folds_keep_the_order_of_the_dataset(plan: Planner) -> None:
    assert [fold for fold, _, _ in names(plan(folds="2,1"))] == ["1", "2"]


@pytest.mark.parametrize(
    ("flags", "error", "message"),
    [
        ({"methods": "linaer"}, UnknownName, "unknown method 'linaer'; did you mean 'linear'?"),
        ({"datasets": "toyy"}, UnknownName, "unknown dataset 'toyy'; did you mean 'toy'?"),
        ({"folds": "7"}, UnknownName, "unknown fold '7'; known: 1, 2"),
        ({"backbone": "ViT-B-23"}, HarnessError, "unknown backbone 'ViT-B-23'; did you mean 'ViT-B-32'?"),
        ({"backbone": "tiny:none.safetensors"}, WeightsMissing, "backbone tiny: no weights file none.safetensors"),
        ({"set": {"linaer": {"epochs": 1}}}, UnknownName, "unknown method 'linaer'; did you mean 'linear'?"),
        ({"set": {"linear": {"epoch": 1}}}, BadOption, "linear has no option 'epoch'; did you mean 'epochs'?"),
        ({"set": {"linear": {"epochs": "two"}}}, BadOption, "linear.epochs: 'two'"),
        ({"set": {"linear": {"input.frame": 2}}}, BadOption, "linear.input has no option 'frame'; did you mean"),
        ({"variant": [{"name": "linear", "method": "linear"}]}, BadOption, "variant 'linear': the name is taken"),
        ({"variant": [{"name": "x", "method": "linaer"}]}, UnknownName, "did you mean 'linear'?"),
        ({"datasets": None}, BadOption, "which datasets?"),
        ({"methods": ""}, BadOption, "at least 1 item"),
    ],
)
def test_a_slip_is_said_before_any_work(plan: Planner, flags: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error) as caught:
        plan(**flags)
    assert message in str(caught.value)


def test_a_missing_data_root_names_the_folder(plan: Planner, tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"Toy: no folder .*nowhere/TOY; give --data-root"):
        plan(data_root=tmp_path / "nowhere")


def test_a_half_copied_root_says_how_much_is_missing_and_where(plan: Planner, toy_root: Path) -> None:
    for number in range(3):
        shutil.rmtree(toy_root / "TOY" / "clips" / f"{number:03d}")
    with pytest.raises(BadData) as caught:
        plan()
    for part in ("Toy: 3 of 24 clips have no frames", "clips/000", "Is the copy complete?", "--on-bad-sample skip"):
        assert part in str(caught.value)
    assert len(plan(on_bad_sample="skip").todo) == 1


def test_options_are_defaults_then_what_was_set(plan: Planner) -> None:
    (planned,) = plan(set={"linear": {"epochs": "5", "input.frames": "3"}}).jobs
    assert planned.job.options == {"epochs": 5, "learning_rate": 0.05, "fault": ""}
    assert (planned.job.input.frames, planned.job.input.size) == (3, 32)  # the backbone's size


def test_a_variant_lies_over_the_options_of_its_method(plan: Planner) -> None:
    variant = [{"name": "short", "method": "linear", "set": {"epochs": 1}}]
    made = plan(set={"linear": {"epochs": 5, "learning_rate": 0.5}}, variant=variant)
    assert [(p.job.row, p.job.options["epochs"], p.job.options["learning_rate"]) for p in made.jobs] == [
        ("linear", 5, 0.5),
        ("short", 1, 0.5),
    ]


def test_the_demo_has_its_own_short_recipe_which_flags_override(plan: Planner) -> None:
    spec = registry.method("coop").spec
    usual, demo, own = (
        plan(methods="coop", **more).jobs[0].job
        for more in ({}, {"demo": True}, {"demo": True, "set": {"coop": {"epochs": 1}}})
    )
    assert usual.options["epochs"] != spec.demo["epochs"] == demo.options["epochs"]
    assert demo.input.frames == spec.demo["input.frames"]
    assert own.options["epochs"] == 1


def test_no_cache_encodes_anew_and_is_another_job(plan: Planner) -> None:
    usual, anew = plan(methods="coop"), plan(methods="coop", no_cache=True)
    assert (usual.jobs[0].job.input.views, anew.jobs[0].job.input.views) == (4, 0)
    assert usual.frames_to_encode > 0 == anew.frames_to_encode


def test_encoder_passes_are_clips_by_views_by_frames(plan: Planner) -> None:
    few = {"zero-shot-clip": {"input.frames": 2}, "coop": {"input.frames": 2, "input.views": 3}}
    assert plan(methods="zero-shot-clip", set=few).frames_to_encode == 12 * 2  # the test part of fold 1
    assert plan(methods="zero-shot-clip", set=few, folds="all").frames_to_encode == 24 * 2
    # training views of fold 1's twelve training clips; the test view is shared with the zero-shot method
    both = plan(methods="zero-shot-clip,coop", set=few, seeds="1,2")
    assert both.frames_to_encode == 12 * 2 + 3 * 12 * 2
    validated = plan(methods="coop", set=few, selection="val")
    assert validated.frames_to_encode == 24 * 2 + 3 * 12 * 2
    assert plan(methods="linear").frames_to_encode == 0


def test_encoder_passes_are_those_still_missing(plan: Planner, toy_bench: Bench) -> None:
    few = {"zero-shot-clip": {"input.frames": 2}}
    toy_bench(methods="zero-shot-clip", set=few)
    assert plan(methods="zero-shot-clip", set=few, folds="all", force=True).frames_to_encode == 12 * 2


def test_a_plan_writes_nothing(plan: Planner, tmp_path: Path) -> None:
    plan()
    assert not (tmp_path / "runs").exists()


def test_done_failed_stale_and_missing(plan: Planner, toy_bench: Bench, tmp_path: Path) -> None:
    broken = {"linear": {"fault": "raise"}}
    assert dict(plan(folds="all").states) == {"missing": 2}
    toy_bench()
    toy_bench(set=broken)
    assert dict(plan(folds="all").states) == {"done": 1, "missing": 1}
    assert [job.fold for job in plan(folds="all").todo] == ["2"]
    assert len(plan(folds="all", force=True).todo) == 2

    failed = plan(set=broken)
    assert (dict(failed.states), failed.todo) == ({"failed": 1}, [])
    assert len(plan(set=broken, retry_failed=True).todo) == 1

    changed = tmp_path / "changed" / "toy.py"
    changed.parent.mkdir()
    changed.write_text(TOY.read_text() + "\n# another source at the same version\n")
    (changed.parent / "tiny.json").write_text(TOY.with_name("tiny.json").read_text())
    forget("toy")
    registry.plugins().add_file(changed)
    stale = plan()
    assert (dict(stale.states), len(stale.todo)) == ({"stale": 1}, 1)
    assert plan(keep_stale=True).todo == []


def test_changed_data_are_other_jobs(plan: Planner, toy_bench: Bench, toy_root: Path) -> None:
    toy_bench()
    (toy_root / "TOY" / "clips" / "000" / "4.jpg").unlink()
    assert dict(plan().states) == {"missing": 1}


def recolour(root: Path) -> None:
    """Rewrite a frame in place: other bytes, no more and no fewer, and its folder untouched."""
    frame = root / "TOY" / "clips" / "000" / "4.jpg"
    content = bytearray(frame.read_bytes())
    content[-20] ^= 1
    frame.write_bytes(content)


def test_data_mended_in_place_at_the_same_size_are_other_jobs(
    plan: Planner, toy_bench: Bench, toy_root: Path, tmp_path: Path
) -> None:
    toy_bench(methods="zero-shot-clip")
    assert plan(methods="zero-shot-clip").todo == []
    recolour(toy_root)
    again = plan(methods="zero-shot-clip")
    assert dict(again.states) == {"missing": 1}
    assert again.frames_to_encode == plan(methods="zero-shot-clip", out=tmp_path / "new").frames_to_encode > 0


def test_results_of_before_contents_were_hashed_are_named_and_can_be_kept(
    plan: Planner, toy_bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setenv("HARNESS_CACHE", str(tmp_path / "cache of before"))
        before.setattr(clip_index, "content_digest", lambda folder, files: (sizes_digest(files), True))
        toy_bench()
    now = plan()
    assert (dict(now.states), len(now.todo)) == ({"missing": 1}, 1)
    assert any("1 stored results are of data that were known by names and sizes only" in note for note in now.notes)
    kept = plan(keep_stale=True)
    assert (dict(kept.states), kept.todo) == ({"done": 1}, [])


def test_a_bench_goes_on_in_a_process_that_saw_other_data(toy_bench: Bench, toy_root: Path) -> None:
    toy_bench()
    (toy_root / "TOY" / "clips" / "000" / "4.jpg").unlink()
    (again,) = toy_bench()
    assert (again["status"], again["error"]) == ("done", None)


def test_the_job_and_its_id_name_no_path(plan: Planner, tmp_path: Path) -> None:
    made = plan(methods="all")
    text = json.dumps([p.job.to_json() for p in made.jobs])
    assert str(tmp_path) not in text
    assert str(TOY.parent) not in text
    assert "/" not in "".join(value for p in made.jobs for value in _texts(p.job.to_json()) if " " not in value)


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []


def test_equal_data_elsewhere_are_the_same_job(plan: Planner, toy_root: Path, tmp_path: Path) -> None:
    moved = tmp_path / "da ta \"'[b]é"
    shutil.copytree(toy_root, moved)
    here, there = plan(), plan(data_root=moved, out=tmp_path / "other", threads=2, executor="ray")
    assert [p.job.id for p in here.jobs] == [p.job.id for p in there.jobs]


def test_weights_in_another_file_are_another_job(plan: Planner) -> None:
    assert plan().jobs[0].job.id != plan(backbone="RN50:random").jobs[0].job.id


def test_a_store_that_is_a_file_is_refused(plan: Planner, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("in the way")
    with pytest.raises(CannotWrite, match=r"cannot write results to .*runs: no folder; choose another one with --out"):
        plan(out=tmp_path / "runs")

"""Identity of jobs: what it depends on, and what it must not."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import field, fields, make_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harness.core.backbone_spec import BackboneId
from harness.core.digest import digest
from harness.core.frame_input import FrameInput
from harness.core.job import JobSpec, Protocol

JOB = JobSpec(
    dataset="toy",
    fingerprint="f" * 24,
    fold="1",
    method="linear",
    method_version="1",
    seed=1,
    options={"epochs": 2, "words": ("a", "ü"), "rate": 0.05},
    input=FrameInput(frames=2, size=32, base_size=36, crop_size=34, augmentation=("flip",)),
    backbone=BackboneId("tiny", "random", "0" * 64),
    protocol=Protocol("toy", "1", "crops", "1" * 64, ("left", "right")),
)
OTHER: dict[str, Any] = {
    "dataset": "toy2",
    "fingerprint": "e" * 24,
    "fold": "2",
    "method": "linear2",
    "method_version": "2",
    "seed": 2,
    "options": {**JOB.options, "epochs": 3},
    "variant": "mine",
    "on_bad_sample": "skip",
    "demo": True,
    "weights": {"resnet": "3" * 64},
    "recipe": "source",
}
NESTED: dict[str, dict[str, Any]] = {
    "input": {
        "frames": 4,
        "size": 33,
        "sampling": "tsn-legacy",
        "duration": 2,
        "normalisation": "none",
        "base_size": 40,
        "crop_size": 36,
        "augmentation": (),
        "crop_scale": (0.5, 1.0),
        "colour_jitter": (0.5, 0.1, 0.0, 0.0),
        "rotation": 5.0,
        "views": 1,
        "padding": "first",
        "mean": (0.4, 0.5, 0.6),
        "std": (0.4, 0.5, 0.6),
        "test_clips": 2,
        "test_crops": 3,
        "test_flip": True,
        "code": "5" * 12,
    },
    "backbone": {"name": "tiny2", "weights": "tag", "sha256": "2" * 64, "code": "4" * 64},
    "protocol": {
        "dataset": "toy2",
        "dataset_version": "2",
        "crop_source": "other",
        "split_sha256": "3" * 64,
        "classes": ("left",),
        "selection": "oracle",
        "aggregation": "pooled",
        "test_views": 2,
    },
}
ALONG = {"mean": {"std": (0.5,) * 3}, "std": {"mean": (0.5,) * 3}}  # fields that go together
CHANGED = [
    *(replace(JOB, **{name: value}) for name, value in OTHER.items()),
    *(
        replace(JOB, **{part: replace(getattr(JOB, part), **{name: value, **ALONG.get(name, {})})})
        for part, values in NESTED.items()
        for name, value in values.items()
    ),
]


def test_the_cases_name_every_field() -> None:
    assert {*OTHER, *NESTED} == {f.name for f in fields(JobSpec)}
    for part, values in NESTED.items():
        assert set(values) == {f.name for f in fields(getattr(JOB, part))}


def test_the_id_changes_with_every_field() -> None:
    ids = [job.id for job in (JOB, *CHANGED)]
    assert len(set(ids)) == len(ids)


def test_the_id_is_twelve_hex_digits() -> None:
    assert len(JOB.id) == 12
    assert set(JOB.id) <= set("0123456789abcdef")


def test_the_order_of_options_does_not_matter() -> None:
    assert replace(JOB, options=dict(reversed(list(JOB.options.items())))).id == JOB.id


@pytest.mark.parametrize("job", [JOB, *CHANGED])
def test_a_job_survives_json(job: JobSpec) -> None:
    again = JobSpec.from_json(json.loads(json.dumps(job.to_json())))
    assert again.id == job.id
    assert (again.input, again.backbone, again.protocol) == (job.input, job.backbone, job.protocol)


def test_another_process_with_another_hash_seed_gives_the_same_id() -> None:
    code = (
        "import json, sys; from harness.core.job import JobSpec; "
        "print(JobSpec.from_json(json.load(sys.stdin)).id, 'torch' in sys.modules)"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(JOB.to_json()),
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == [JOB.id, "False"]


def test_the_row_is_the_variant_or_the_method() -> None:
    assert (JOB.row, replace(JOB, variant="mine").row) == ("linear", "mine")


def test_frame_input_is_no_part_of_the_protocol() -> None:
    changed = replace(JOB, input=FrameInput(frames=16))
    assert changed.protocol.hash == JOB.protocol.hash


def test_a_digest_is_that_of_canonical_json() -> None:
    assert digest({"b": (1, 2), "a": "é"}) == digest({"a": "é", "b": [1, 2]})
    assert digest({"a": 1}) == "015abd7f5cc5"


STORED = json.loads(Path(__file__).with_name("job_ids.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("stored", STORED["jobs"])
def test_ids_keep(stored: str) -> None:
    """Twenty jobs of the demo and of the first release: their results must be found again for ever."""
    job = JobSpec.from_json(STORED["jobs"][stored])
    assert job.id == stored
    assert job.protocol.hash == STORED["protocol_hash"][stored]


@pytest.mark.parametrize("name", ["JobSpec", "FrameInput", "Protocol", "BackboneId"])
def test_a_later_field_enters_an_id_only_where_it_is_not_at_its_default(name: str) -> None:
    of_job = {"JobSpec": JOB, "FrameInput": JOB.input, "Protocol": JOB.protocol, "BackboneId": JOB.backbone}[name]
    later = make_dataclass(
        name,
        [("clip_mean", str, field(default="clip")), ("extra", list, field(default_factory=list))],
        bases=(type(of_job),),
        frozen=True,
    )
    values = {f.name: getattr(of_job, f.name) for f in fields(of_job)}
    assert digest(later(**values)) == digest(of_job)
    assert digest(later(**values, clip_mean="none")) != digest(of_job)
    assert digest(later(**values, extra=[1])) != digest(of_job)

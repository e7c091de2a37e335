"""`harness flops`: counts of built methods against counts worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helpers.commands import TOY, Invoke, forget
from helpers.flops_by_hand import vit

ROW = {
    "method", "backbone", "convention", "frames", "size", "classes", "views", "train_views", "gflops", "gflops_text",
    "text", "gflops_train", "batch", "gflops_trained", "params_total", "params_trainable", "params_stored", "uncounted",
}  # fmt: skip
FAULTY = """
import torch
from harness import FrameInput, Method, MethodSpec, hookimpl

class Hidden(Method):
    def __init__(self, task, options):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(4, 1, batch_first=True)

    def forward(self, inputs):
        a, x = self.attention, inputs.mean((3, 4))[..., :1].repeat(1, 1, 4)
        weights = a.in_proj_weight, a.in_proj_bias, a.out_proj.weight, a.out_proj.bias
        return torch._native_multi_head_attention(x, x, x, 4, 1, *weights, None, False)[0].mean(1)

class Broken(Method):
    def __init__(self, task, options):
        raise RuntimeError("broken [on] purpose")

@hookimpl
def register_methods():
    return [MethodSpec(c.__name__.lower(), "1", c, input=FrameInput(frames=2)) for c in (Hidden, Broken)]
"""


def rows(invoke: Invoke, *args: object) -> dict[str, dict[str, Any]]:
    answer = invoke("flops", "--json", "--backbone", "tiny", "--plugin", TOY, *args)
    assert answer.code == 0, answer.err
    return {row["method"]: row for row in json.loads(answer.out)["rows"]}


@pytest.mark.slow
def test_rows_have_the_promised_form(invoke: Invoke) -> None:
    shown = "coop,cocoop,biehpro,zero-shot-clip,linear"  # the counts of each network are tested with it
    found = rows(invoke, "--methods", shown)
    assert set(shown.split(",")) == set(found)
    for row in found.values():
        assert set(row) == ROW
        assert (row["backbone"], row["convention"], row["classes"], row["size"]) == ("tiny", "fvcore", 7, 32)
        assert (row["views"], row["text"]) == (1, "per sample" if row["method"] == "cocoop" else "cached")
    assert found["linear"]["gflops"] * 1e9 == pytest.approx(3 * 32 * 32 * 7)
    assert found["linear"]["gflops_train"] * 1e9 == pytest.approx(2 * 4 * 3 * 32 * 32 * 7)
    assert found["linear"]["batch"] == 4
    assert (found["zero-shot-clip"]["gflops_train"], found["zero-shot-clip"]["batch"]) == (0, 0)
    assert found["coop"]["params_trainable"] == 16 * 16


def test_frames_classes_and_conventions(invoke: Invoke) -> None:
    for frames, classes in ((4, 7), (8, 11)):
        args = ("--methods", "zero-shot-clip", "--set", f"zero-shot-clip.input.frames={frames}", "--classes", classes)
        one = rows(invoke, *args)["zero-shot-clip"]
        assert (one["frames"], one["classes"]) == (frames, classes)
        assert one["gflops"] * 1e9 == pytest.approx(frames * vit(5, 32, 1, 16, 16) + 16 * classes)
        paper = rows(invoke, *args, "--convention", "paper")["zero-shot-clip"]
        assert paper["gflops"] * 1e9 == pytest.approx(frames * (4 * 3 * 16**2 * 32 + 8 * 5 * 32**2))


def test_the_table_names_what_is_not_counted(invoke: Invoke) -> None:
    answer = invoke("flops", "--backbone", "tiny:anything", "--methods", "coop,zero-shot-clip")
    assert answer.code == 0
    assert "convention fvcore, 1 test view" in answer.out
    assert "not counted: aten::" in answer.out


@pytest.mark.slow
def test_a_method_that_cannot_be_counted_is_an_error_and_costs_its_own_row(invoke: Invoke, tmp_path: Path) -> None:
    plugin = tmp_path / "faulty_flops.py"
    plugin.write_text(FAULTY)
    try:
        answer = invoke("flops", "--json", "--backbone", "tiny", "--plugin", plugin)
    finally:
        forget(plugin.stem)
    assert answer.code == 1
    names = {row["method"] for row in json.loads(answer.out)["rows"]}
    assert {"coop", "zero-shot-clip"} <= names
    assert names.isdisjoint({"hidden", "broken"})
    assert "hidden: attention is hidden in aten::_native_multi_head_attention" in answer.err
    assert "broken: cannot be counted (RuntimeError: broken [on] purpose)" in answer.err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--methods", "cop"], "unknown method 'cop'; did you mean 'coop'?"),
        (["--backbone", "ViT-B-23"], "unknown backbone 'ViT-B-23'; did you mean"),
        (["--set", "coop.context=8"], "coop has no option 'context'"),
        (["--set", "nothing"], "is not METHOD.OPTION=VALUE"),
        (["--classes", "12"], "--classes 12: no registered dataset has more than 11"),
        (["--convention", "ptflops"], "Invalid value for '--convention'"),
    ],
)
def test_user_errors(invoke: Invoke, args: list[str], said: str) -> None:
    answer = invoke("flops", "--backbone", "tiny", *args)
    assert answer.code == 2
    assert said in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "frame"),
    [("ViT-B-32", vit(50, 768, 12, 32, 512)), ("ViT-B-16", vit(197, 768, 12, 16, 512)),
     ("ViT-L-14", vit(257, 1024, 24, 14, 768))],
)  # fmt: skip
def test_real_architectures_without_weights(invoke: Invoke, name: str, frame: int) -> None:
    (row,) = json.loads(invoke("flops", "--json", "--methods", "zero-shot-clip", "--backbone", name).out)["rows"]
    assert row["gflops"] * 1e9 == pytest.approx(16 * frame, rel=1e-3)
    assert row["uncounted"]["aten::layer_norm"] >= 26
    assert not any("attention" in operator for operator in row["uncounted"])

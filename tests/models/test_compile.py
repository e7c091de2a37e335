"""Compiled layers: which they are, that they compute the same, and that they can be looked into."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.core.errors import HarnessError
from harness.models.blocks import Block
from harness.models.compile import compile_layers, uncompiled
from harness_plugins.methods.biehpro import Options
from harness_plugins.methods.biehpro.model import BiEhPro
from helpers.towers import tiny_task

CPU = torch.device("cpu")


def built() -> BiEhPro:
    torch.manual_seed(0)
    return BiEhPro(tiny_task(frames=8), Options())


def test_only_layers_of_trained_towers_are_compiled() -> None:
    method = built()
    assert compile_layers(method, CPU) == 1
    layers = [part for part in method.modules() if part._compiled_call_impl is not None]
    assert [type(layer) for layer in layers] == [Block]
    with uncompiled(method):
        assert not any(part._compiled_call_impl for part in method.modules())
    assert layers[0]._compiled_call_impl is not None
    assert compile_layers(nn.Linear(2, 2), CPU) == 0


def test_without_a_compiler_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(HarnessError, match="needs a C\\+\\+ compiler"):
        compile_layers(built(), CPU)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the compiler's own
def test_compiled_layers_compute_the_same() -> None:
    plain, compiled = built(), built()
    compile_layers(compiled, CPU)
    clips = torch.randn(2, 8, 3, 32, 32)
    logits = [method(clips) for method in (plain, compiled)]
    torch.testing.assert_close(*logits, atol=1e-4, rtol=0)
    for found in logits:
        found.square().sum().backward()
    grads = [[p.grad for p in method.visual.parameters()] for method in (plain, compiled)]
    torch.testing.assert_close(*grads, atol=1e-4, rtol=1e-3)

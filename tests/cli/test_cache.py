"""`harness cache`: what is in it, and clearing it."""

from __future__ import annotations

import json

from helpers.commands import Invoke


def test_cache_info_and_clear(invoke: Invoke, toy_args: list[str]) -> None:
    few = "--methods zero-shot-clip --set zero-shot-clip.input.frames=2"
    invoke(*toy_args, *few.split())
    facts = json.loads(invoke("cache", "info", "--json").out)
    (view,) = facts["views"]
    assert (view["dataset"], view["shards"], view["input"]["frames"]) == ("toy", 1, 2)
    assert facts["bytes"] == view["bytes"] > 12 * 2 * 16 * 4
    assert "test" in invoke("cache", "info").out
    assert json.loads(invoke("cache", "clear", "--json").out) == {"freed_bytes": facts["bytes"]}
    assert json.loads(invoke("cache", "info", "--json").out)["views"] == []
    assert invoke("cache", "clear").out == "freed 0.0 MB\n"

"""`harness list`: plugins, their names and options."""

from __future__ import annotations

import json

from harness.plugin import registry
from helpers.commands import TOY, Invoke, forget


def test_list_as_json_has_the_keys_of_the_design(invoke: Invoke) -> None:
    facts = json.loads(invoke("list", "--json").out)
    assert list(facts) == list(registry.KINDS)
    for entries in facts.values():
        assert all({"name", "version", "plugin", "paper", "options"} <= set(entry) for entry in entries)
    coop = next(entry for entry in facts["methods"] if entry["name"] == "coop")
    assert all(set(option) == {"name", "type", "default", "help"} for option in coop["options"])
    tokens = next(option for option in coop["options"] if option["name"] == "context_tokens")
    assert (tokens["type"], tokens["default"]) == ("int", 16)
    assert {"input.frames", "input.size", "input.views"} <= {option["name"] for option in coop["options"]}


def test_list_of_one_kind(invoke: Invoke) -> None:
    assert list(json.loads(invoke("list", "metrics", "--json").out)) == ["metrics"]


def test_every_listed_option_can_be_set_to_its_default(invoke: Invoke, toy_args: list[str]) -> None:
    facts = json.loads(invoke("list", "methods", "--json").out)
    sets = []
    for entry in facts["methods"]:
        for option in entry["options"]:
            default = option["default"]
            text = json.dumps(default) if isinstance(default, list) else str(default)
            sets += ["--set", f"{entry['name']}.{option['name']}={text}"]
    plain = json.loads(invoke(*toy_args, "--methods", "all", "--dry-run", "--json").out)
    spelt = json.loads(invoke(*toy_args, "--methods", "all", "--dry-run", "--json", *sets).out)
    assert [job["id"] for job in spelt["jobs"]] == [job["id"] for job in plain["jobs"]]


def test_list_shows_names_and_options(invoke: Invoke) -> None:
    answer = invoke("list", "methods", "--options")
    for part in ("zero-shot-clip", "coop", "--set coop.", "context_tokens", "'end' | 'middle'", "tuple[str, ...]"):
        assert part in answer.out
    assert answer.err == ""


def test_list_shows_what_a_plugin_file_offers(invoke: Invoke) -> None:
    forget("toy")
    assert '"linear"' not in invoke("list", "--json").out
    assert '"linear"' in invoke("list", "--json", "--plugin", TOY).out

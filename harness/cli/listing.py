"""`harness list`: what the installed plugins offer."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from harness.cli.output import Json, PluginFiles, load_plugins, out, print_json, print_table
from harness.core.errors import UnknownName, suggestion
from harness.core.frame_input import FrameInput
from harness.core.options import OptionInfo, describe
from harness.core.registered import Registered
from harness.models.spec import MethodSpec
from harness.plugin import registry
from harness.plugin.specs import AnalysisSpec


def list_plugins(
    kind: Annotated[str | None, typer.Argument(help="One kind, such as methods; all without.")] = None,
    options: Annotated[bool, typer.Option("--options", help="Show the options of methods.")] = False,
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """List datasets, methods, metrics, backbones, studies and analyses.

    Examples:

        harness list

        harness list methods --options

        harness list --json
    """
    load_plugins(plugin)
    if kind is not None and kind not in registry.KINDS:
        raise UnknownName(f"unknown kind {kind!r}; {suggestion(kind, registry.KINDS)}")
    facts = {}
    for each in _kinds(kind):
        offers = registry.plugins().offers(each)
        facts[each] = [entry(offer) for offer in offers.values()]
    if json_:
        print_json(facts)
        return
    for name, entries in facts.items():
        print_table(
            name,
            ["name", "version", "plugin", "about"],
            [(e["name"], e["version"], e["plugin"], e["about"]) for e in entries],
        )
        if options:
            _show_options(entries)


def entry(offer: Registered[Any]) -> dict[str, Any]:
    """Return one line of the list, as facts."""
    spec = offer.spec
    return {
        "name": spec.name,
        "version": getattr(spec, "version", None),
        "plugin": offer.plugin,
        "paper": getattr(spec, "paper", None),
        "about": getattr(spec, "summary", None) or getattr(spec, "title", ""),
        "options": [vars(info) for info in spec_options(spec)],
        **_method_facts(spec),
    }


def _method_facts(spec: Any) -> dict[str, Any]:
    """Return what a method runs on and what its spec says of it."""
    if not isinstance(spec, MethodSpec):
        return {}
    return {
        "backbone": spec.backbone,
        "paper_backbone": spec.paper_backbone,
        "recipes": list(spec.recipes),
        "by_dataset": {name: spec.on(name) for name in spec.by_dataset},
        "facts": spec.facts(),
    }


def spec_options(spec: Any) -> list[OptionInfo]:
    """Return everything that `--set` can change: options of a method or an analysis, and a method's frame input."""
    own = describe(spec.options) if isinstance(spec, MethodSpec | AnalysisSpec) else []
    if not isinstance(spec, MethodSpec):
        return own
    seen = [
        OptionInfo(info.name, info.type, getattr(spec.input, info.name.removeprefix("input.")), info.help)
        for info in describe(FrameInput, "input.")
    ]
    return [*own, *seen]


def _kinds(kind: str | None) -> list[str]:
    return [kind] if kind else list(registry.KINDS)


def _show_options(entries: list[dict[str, Any]]) -> None:
    for e in entries:
        other = [(name, *change) for name, changes in e.get("by_dataset", {}).items() for change in changes.items()]
        if e["options"]:
            print_table(
                f"--set {e['name']}.…",
                ["option", "type", "default", "meaning"],
                [(o["name"], o["type"], o["default"], o["help"]) for o in e["options"]],
            )
        if other:
            print_table(f"{e['name']}, where a dataset has other defaults", ["dataset", "option", "default"], other)
    out.print()

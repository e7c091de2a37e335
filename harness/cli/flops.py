"""`harness flops`: what each method costs, without weights and without data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from harness.cli.exits import EXIT_FAILED_JOBS
from harness.cli.output import Json, PluginFiles, load_plugins, print_json, print_table, say, warn
from harness.cost.tally import Convention
from harness.plugin import registry

DASH = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"
MILLION = 1e6


def flops(
    methods: Annotated[str, typer.Option(help="Names, comma-separated, or `all`.")] = "all",
    backbone: Annotated[
        str | None, typer.Option(help="NAME of the architecture, default ViT-B-32; no weights are loaded.")
    ] = None,
    convention: Annotated[
        Convention,
        typer.Option(
            help="`fvcore`: all products. `paper`: layers called as modules, as the BiEhPro paper counts. `thop`: with "
            "biases and batch normalisation, as the Former-DFER paper counts."
        ),
    ] = "fvcore",
    classes: Annotated[int, typer.Option(min=1, help="Number of classes.")] = 7,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="METHOD.OPTION=VALUE; see `harness list methods --options`."),
    ] = None,
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Count multiply-adds and parameters of methods from their built modules.

    1 GFLOP is 1e9 multiply-adds. GFLOPs are of one clip in one view, from pixels to logits; the text side and a
    training step, forward and backward, stand beside them. Exits 1 if a method cannot be counted.

    Examples:

        harness flops

        harness flops --methods coop --backbone ViT-L-14 --set coop.input.frames=8 --json

        harness flops --convention paper
    """
    from harness.core.backbone_spec import PAPER
    from harness.core.lazy import quiet_imports
    from harness.core.request import DEFAULT_BACKBONE, parse_overrides
    from harness.planning.choose import backbone_name, class_names, settled

    with quiet_imports():
        from harness.cost.table import architecture, rows

    # What is counted: methods with their options, on an architecture without weights.
    load_plugins(plugin)
    asked = backbone or DEFAULT_BACKBONE
    names = [name.strip() for name in methods.split(",") if name.strip()]
    wanted = settled(registry.plugins().offers("methods") if names == ["all"] else names, parse_overrides(set_ or ()))

    if asked != PAPER:
        architecture(asked, registry.backbones())  # a wrong name is the user's error, not that of each method

    # One that cannot be counted costs its row only.
    counted: list[dict[str, Any]] = []
    failed = False
    for row in rows(
        wanted,
        lambda spec: architecture(backbone_name(spec, asked), registry.backbones()),
        convention,
        class_names(classes),
    ):
        if isinstance(row, dict):
            counted.append(row)
        else:
            failed = True
            warn(f"harness: {row}")
    if json_:
        print_json({"rows": counted})
    else:
        _show(counted, asked, convention, classes)
    if failed:
        raise typer.Exit(EXIT_FAILED_JOBS)


def _show(
    counted: Sequence[Mapping[str, Any]],
    backbone: str,
    convention: str,
    classes: int,
) -> None:
    print_table(
        f"{backbone}, {classes} classes, convention {convention}, 1 test view",
        ["method", "input", "GFLOPs", "text side", "training step", "parameters (M)", "trained", "stored"],
        [_cells(row, backbone) for row in counted],
    )
    left: Counter[str] = Counter()
    for row in counted:
        left |= Counter(row["uncounted"])
    say(f"not counted: {', '.join(left) or 'nothing'}")


def _cells(row: Mapping[str, Any], asked: str) -> list[str]:
    step = f"{row['gflops_train']:.2f} on {row['batch']} clips" if row["batch"] else DASH
    return [
        row["method"] if row["backbone"] == asked.partition(":")[0] else f"{row['method']} on {row['backbone']}",
        f"{row['frames']} {TIMES} {row['size']} px",
        f"{row['gflops']:.3f}",
        f"{row['gflops_text']:.3f} {row['text']}",
        step,
        *(f"{row[f'params_{kind}'] / MILLION:.3f}" for kind in ("total", "trainable", "stored")),
    ]

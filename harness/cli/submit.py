"""`harness submit RUNS`: results as one file to hand in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.output import Json, PluginFiles, Runs, load_plugins, print_json, say, stores_of, warn_left_out
from harness.plugin import registry


def submit(
    folder: Annotated[Path | None, typer.Argument(help="A runs folder; the same as --runs.")] = None,
    runs: Runs = None,
    out_file: Annotated[Path, typer.Option("--out", help="File to write.")] = Path("submission.zip"),
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Make one bundle of results: predictions, histories, the source of one-file plugins, and the hash of each file.

    No frame, no weights and no folder of this machine is in it; what was taken out is said.

    Examples:

        harness submit runs --out submission.zip

        harness submit runs --plugin my_method.py
    """
    from harness.submission.bundle import make, write

    load_plugins(plugin)
    sources = {path.stem: path for path in registry.plugins().files}
    store = stores_of(runs, folder)
    results = list(store.sound())
    warn_left_out(store.left_out)
    bundle = make(results, sources)
    manifest = write(bundle, out_file)
    if json_:
        facts = {
            "file": str(out_file),
            "jobs": bundle.jobs,
            "said": list(bundle.said()),
            "manifest": manifest,
        }
        print_json({**facts, "left_out": {**store.left_out, **bundle.damaged}})
        return
    for line in bundle.said():
        say(line)
    say(f"{out_file}: {bundle.jobs} results in {len(manifest['files'])} files, {out_file.stat().st_size:,} bytes")

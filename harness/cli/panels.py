"""Help in panels: commands and flags stand together by what they are for."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from typer.core import TyperCommand, TyperOption

RUN = "Run"
READ = "Look at results"
HAND_IN = "Hand results in"
OWN = "Methods of your own"
PLACES = "Data, weights and cache"
ABOUT = "What there is, and what it costs"

FLAGS: Mapping[str, tuple[str, ...]] = {  # of `bench`; by the names of its parameters
    "What is run": ("methods", "datasets", "folds", "seeds", "backbone", "recipe", "set_", "demo", "plugin"),
    "Data": ("data_root", "dataset_name", "layout", "on_bad_sample"),
    "How it is trained and tested": ("selection", "weights", "pretrained", "no_cache", "compile_", "threads"),
    "Trying things out": ("dry_run", "debug", "quick"),
    "Results": ("out_dir", "retry_failed", "force", "keep_stale", "save_weights"),
    "Where jobs run": (
        "executor",
        "address",
        "gpus_per_job",
        "cpus_per_job",
        "max_jobs",
        "loader_workers",
        "collect",
        "ship_code",
    ),
    "Interruptions": ("max_retries", "job_timeout", "checkpoint_every"),
    "What is shown": ("logs", "trackers", "quiet", "json_"),
}

NARROWEST = 100  # columns of help that is no terminal's: at fewer a name of a flag would be cut


class BenchFlags(TyperCommand):
    """A command whose flags are those of `bench`."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        panels = {name: panel for panel, names in FLAGS.items() for name in names}
        order = list(panels)
        self.params.sort(key=lambda flag: order.index(str(flag.name)) if flag.name in panels else -1)
        for flag in self.params:
            if isinstance(flag, TyperOption):
                flag.rich_help_panel = panels.get(str(flag.name))


def keep_names_whole(args: Sequence[str], groups: Sequence[str]) -> None:
    """Make help wide enough for the names in it, if it is asked for and is no terminal's; TERMINAL_WIDTH has its way.

    Args:
        args: of the command line.
        groups: commands that have commands; without one of those they show their help.
    """
    asked = "--help" in args or not args or args[-1] in groups
    if asked and not (sys.stdout.isatty() or os.environ.get("TERMINAL_WIDTH")):
        from typer import rich_utils

        rich_utils.MAX_WIDTH = max(NARROWEST, Console().width)

"""Bench files that cannot be read, cannot be TOML, or ask for what cannot be meant. Nothing may be written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from hostile.aftermath import untouched
from hostile.entry import Hostile, words

FILE = "bench.toml"
DEMO = 'methods = ["coop"]\ndemo = true\nexecutor = "inline"\n'
Write = Callable[[Path], None]


def text(content: str) -> Write:
    return lambda folder: (folder / FILE).write_text(content, encoding="utf-8") and None


def data(content: bytes) -> Write:
    return lambda folder: (folder / FILE).write_bytes(content) and None


def _folder(folder: Path) -> None:
    (folder / FILE).mkdir()


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / FILE)


def _loop(folder: Path) -> None:
    (folder / FILE).symlink_to(FILE)


def _nowhere(folder: Path) -> None:
    (folder / FILE).symlink_to("not-there.toml")


def _device(folder: Path) -> None:
    (folder / FILE).symlink_to("/dev/zero")


def _file(name: str, write: Write, says: str) -> Hostile:
    return Hostile(name, ("bench", FILE), says, prepare=write, after=untouched(FILE))


def _demo(name: str, line: str, says: str) -> Hostile:
    """A line of a bench file on the demo, which would write hundreds of clips."""
    return _file(name, text(DEMO + line + "\n"), says)


def _path(name: str, path: str, says: str) -> Hostile:
    return Hostile(name, ("bench", path), says, after=untouched())


NESTED = 10_000
UNREADABLE = [
    _path("a file that is not there", "missing.toml", "missing.toml: cannot be read"),
    _path("a path that is too long", "x" * 300 + ".toml", "cannot be read"),
    _path("a path of 5,000 characters", "a/" * 2500 + "b.toml", "cannot be read"),
    _path("an empty path", "", "cannot be read|no regular file|is empty"),
    _path("a device", "/dev/null", "/dev/null: no regular file"),
    _path("a path below a file", "/etc/hostname/bench.toml", "cannot be read"),
    _path("a null byte in the path", "a\0b.toml", "null byte"),
    _file("a folder", _folder, "bench.toml: no regular file|is a directory"),
    _file("a pipe that nobody writes to", _pipe, "no regular file"),
    _file("a link to itself", _loop, "cannot be read"),
    _file("a link to nowhere", _nowhere, "cannot be read"),
    _file("a link to an endless device", _device, "no regular file"),
]
NO_TOML = [
    _file("null bytes", data(b"methods = ['coop']\0\0\n"), "not TOML.*line 1"),
    _file("zeros alone", data(bytes(4096)), "not TOML"),
    _file("UTF-16", data("methods = ['coop']".encode("utf-16")), "byte 0 is not UTF-8"),
    _file("Latin-1", data("dataset-name = 'café'".encode("latin-1")), "is not UTF-8; save it as UTF-8"),
    _file("a pickle", data(b"\x80\x04\x95\x0c\x00\x00\x00"), "not UTF-8"),
    _file("JSON", text('{"methods": ["coop"]}'), "not TOML"),
    _file("YAML", text("methods:\n  - coop\n"), "not TOML"),
    _file("INI", text("[bench]\nmethods = coop\n"), "not TOML"),
    _file("a path of Windows", text('data-root = "C:\\Users\\me\\data"\nmethods = ["coop"]\n'), "not TOML.*line 1"),
    _file("a conflict of git", text("<<<<<<< HEAD\nseeds = 1\n=======\nseeds = 2\n>>>>>>>\n"), "not TOML"),
    _file("curly quotes", text("methods = “coop”\n"), "not TOML"),
    _file("an open string", text('methods = "coop\n'), "not TOML"),
    _file("an open list", text("seeds = [1, 2\n"), "not TOML"),
    _file("one key twice", text("seeds = 1\nseeds = 2\n"), "not TOML.*overwrite|not TOML"),
    _file("a key with - and with _", text("data-root = 'a'\ndata_root = 'b'\n"), "there twice"),
    _file("lists in lists", text("seeds = " + "[" * NESTED + "]" * NESTED), "within more than 16"),
    _file("tables in tables", text("set = " + "{a=" * NESTED + "1" + "}" * NESTED), "within more than 16"),
    _file("a dotted key", text("set." + ".".join("a" * NESTED) + " = 1"), "within more than 16"),
    _file("a dotted table", text("[set." + ".".join("a" * NESTED) + "]\nx = 1\n"), "within more than 16"),
    _file("a table of 17 names", text("[set." + ".".join("a" * 17) + "]\nx = 1\n"), "within more than 16"),
    _file("a number of 5,000 digits", text("threads = " + "9" * 5000), "not TOML.*digits"),
    _file("10,000,000 seeds", text("seeds = [" + "1, " * 10_000_000 + "]"), "bytes; a bench file has at most"),
    _file("a month 13", text("seeds = 2024-13-01\n"), "not TOML"),
]
NOT_MEANT = [
    _demo("an unknown key", "method = ['coop']", "unknown key 'method'; did you mean 'methods'"),
    _demo("a key of control characters", '"\\u001b[31m" = 1', "unknown key"),
    _demo("an empty key", '"" = 1', "unknown key"),
    _demo("a table of no meaning", "[bench]\nseeds = 1", "unknown key 'bench'"),
    _demo("seeds that are text", "seeds = ['one']", "seeds.0.*integer.*'one'"),
    _demo("a seed that is a half", "seeds = [0.5]", "seeds.0.*integer"),
    _demo("a negative seed", "seeds = [-1]", "seeds.0.*greater than or equal to 0"),
    _demo("a seed above 32 bits", "seeds = [4294967296]", "seeds.0.*less than or equal to 4294967295"),
    _demo("a seed that is true", "seeds = true", "seeds.0.*integer"),
    _demo("no seeds", "seeds = []", "seeds.*at least 1"),
    _demo("2,000 seeds", "seeds = [" + ",".join(map(str, range(2000))) + "]", "seeds.*at most 1000"),
    _demo("20,000 folds", "folds = [" + ",".join(map(str, range(20000))) + "]", "20,000 are more than can be meant"),
    _demo("no folds", "folds = []", "folds.*at least 1"),
    _demo("a fold that is not there", "folds = [9]", "unknown fold '9'"),
    _demo("a fold that is empty", "folds = ''", "folds.*at least 1"),
    _demo("no datasets", "datasets = []", "datasets.*at least 1"),
    _demo("a dataset that is not there", "datasets = ['dfwe']", "unknown dataset 'dfwe'; did you mean 'dfew'"),
    _demo("a dataset that is a table", "datasets = {a = 1}", "unknown dataset"),
    _demo("a dataset without a demo", "datasets = ['folder']", "no demo replica"),
    _demo("a backbone that is empty", "backbone = ''", "backbone.*is empty"),
    _demo("a backbone that is not there", "backbone = 'ViT-B-33'", "ViT-B-33"),
    _demo("a backbone's file that is not there", "backbone = 'x.json'", "x.json"),
    _demo("a backbone's weights that are not there", "backbone = 'ViT-B-32:x.safetensors'", "x.safetensors"),
    _demo("a backbone with a null byte", 'backbone = "ViT-B-32:a\\u0000b.pt"', "ViT-B-32"),
    _demo("a backbone that is a list", "backbone = ['a']", "backbone.*string"),
    _demo("a backbone of 5,000 letters", f"backbone = '{'x' * 5000}'", "backbone.*at most 4095"),
    _demo("an executor that is not there", "executor2 = 'slurm'", "unknown key"),
    _demo("a selection that is not there", "selection = 'best'", "selection.*'last', 'val' or 'oracle'"),
    _demo("an empty folder for results", "out = ''", "out: .*is empty"),
    _demo("a null byte in the folder for results", 'out = "a\\u0000b"', "out.*null byte"),
    _demo("a folder for results that is too long", f"out = '{'x' * 300}'", "out.*too long for a file system"),
    _demo("a path for results that is too long", f"out = '{'x/' * 3000}'", "out.*too long for a file system"),
    _demo("a user that is not there", "out = '~nobody-here/runs'", "no user '~nobody-here'"),
    _demo("results into a file", "out = 'bench.toml'", "cannot write results to bench.toml"),
    _demo("results below a file", "out = 'bench.toml/runs'", "cannot write results"),
    _demo("results into a device", "out = '/dev/null'", "cannot write results"),
    _demo("results into /proc", "out = '/proc/runs'", "cannot write results"),
    _demo("a number as folder", "out = 5", "out.*path"),
    _demo("a null byte in the data's folder", 'data-root = "a\\u0000b"', "data_root.*null byte"),
    _demo("a data folder that is too long", f"data-root = '{'x' * 256}'", "data_root.*too long"),
    _demo("a data folder that is a file", "data-root = 'bench.toml'", "bench.toml"),
    _demo("a plugin that is not there", "plugin = 'mine.py'", "mine.py: no such file"),
    _demo("a plugin with a null byte", 'plugin = "a\\u0000.py"', "plugin.*null byte"),
    _demo("a plugin whose name is too long", f"plugin = '{'x' * 300}.py'", "plugin.*too long"),
    _demo("a plugin that is a folder", "plugin = '/'", "/: no such file|no regular file"),
    _demo("a plugin that is empty", "plugin = ''", "plugin.*is empty"),
    _demo("a layout without =", "layout = ['dfew']", "layout.*DATASET=CLIPS:LISTS"),
    _demo("a layout of an unknown dataset", "layout = ['dfwe=a:b']", "unknown dataset 'dfwe'"),
    _demo("half a quick run", "quick = 0.5", "quick.*boolean"),
    _demo("a perhaps", "force = 'perhaps'", "force.*boolean"),
    _demo("no threads", "threads = 0", "threads.*greater than or equal to 1"),
    _demo("a million threads", "threads = 1000000", "threads.*less than or equal to 1024"),
    _demo("endless threads", "threads = inf", "threads.*finite|threads.*integer"),
    _demo("100,000 loader workers", "loader-workers = 100000", "loader_workers.*less than or equal to 256"),
    _demo("half a loader worker", "loader-workers = 0.5", "loader_workers.*integer"),
    _demo("minus one retry", "max-retries = -1", "max_retries.*greater than or equal to 0"),
    _demo("a billion retries", "max-retries = 1000000000", "max_retries.*less than or equal to 1000"),
    _demo("a billion jobs at once", "max-jobs = 1000000000", "max_jobs.*less than or equal to"),
    _demo("endless GPUs", "gpus-per-job = inf", "gpus_per_job.*less than or equal to 1024"),
    _demo("no number of GPUs", "gpus-per-job = nan", "gpus_per_job"),
    _demo("one and a half GPUs", "gpus-per-job = 1.5", "whole number"),
    _demo("a billion CPUs", "cpus-per-job = 1000000000", "cpus_per_job.*less than or equal to 1024"),
    _demo("an endless time limit", "job-timeout = inf", "job_timeout.*less than or equal to"),
    _demo("no number as time limit", "job-timeout = nan", "job_timeout"),
    _demo("a time limit of nothing", "job-timeout = 0", "job_timeout.*greater than 0"),
    _demo("a checkpoint every 10^9 epochs", "checkpoint-every = 1000000000", "checkpoint_every.*less than or equal"),
    _demo("an empty address", "address = ''", "address.*is empty"),
    _demo("an unknown tracker", "trackers = 'wandbb'", "unknown tracker 'wandbb'; did you mean 'wandb'"),
    _demo("options of an unknown method", "[set.coopp]\nepochs = 1", "unknown method 'coopp'"),
    _demo("an unknown option", "[set.coop]\nepoch = 1", "coop has no option 'epoch'; did you mean 'epochs'"),
    _demo("options that are no table", "set = 3", "set"),
    _demo("options of a method that are no table", "set = {coop = 3}", "set.*coop"),
    _demo("a million views", "[set.coop]\ninput = {views = 1000000}", "input.views.*less than or equal to 1000"),
    _demo("100,000 frames", "[set.coop]\ninput = {frames = 100000}", "coop.input.frames.*less than or equal to 1024"),
    _demo("frames of a million pixels", "[set.coop]\ninput = {size = 1000000}", "input.size.*than or equal to 8192"),
    _demo("tested a million times", "[set.coop]\ninput = {test_clips = 1000000}", "test_clips.*than or equal to 100"),
    _demo("a million epochs", "[set.coop]\nepochs = 1000000", "coop.epochs.*less than or equal to 10000"),
    _demo("a million clips a batch", "[set.coop]\nbatch_size = 1000000", "batch_size.*than or equal to 65536"),
    _demo("a million tokens", "[set.coop]\ncontext_tokens = 1000000", "context_tokens.*less than or equal to 10000"),
    _demo("an endless learning rate", "[set.coop]\nlearning_rate = inf", "learning_rate.*not a finite number"),
    _demo("an option given in two ways", "[set.coop]\n'input.views' = 1\ninput = {views = 2}", "input.views.*twice"),
    _demo("a variant without a name", "[[variant]]\nmethod = 'coop'", "variant.*name.*required"),
    _demo("a variant with an empty name", "[[variant]]\nname = ''\nmethod = 'coop'", "variant.0.name.*is empty"),
    _demo("a variant of an unknown method", "[[variant]]\nname = 'a'\nmethod = 'coopp'", "unknown method 'coopp'"),
    _demo("a variant named as a method", "[[variant]]\nname = 'coop'\nmethod = 'coop'", "the name is taken"),
    _demo("a variant with an unknown key", "[[variant]]\nname = 'a'\nmethod = 'coop'\nsets = {}", "sets: unknown key"),
    _demo("a variant with an unknown recipe", "[[variant]]\nname = 'a'\nmethod = 'coop'\nrecipe = 'x'", "recipe 'x'"),
    _demo("variants that are a table", "[variant]\nname = 'a'", "variant.*list"),
    _demo(
        "a million jobs",
        "seeds = [" + ",".join(map(str, range(1000))) + "]\n"
        + "".join(f"[[variant]]\nname = 'v{i}'\nmethod = 'coop'\n" for i in range(200)),
        "jobs.*more than can be meant in one run, at most 100,000",
    ),
]  # fmt: skip
ENTRIES = [
    *UNREADABLE,
    *NO_TOML,
    *NOT_MEANT,
    Hostile(
        "a file with a mark of byte order",
        (*words("bench bench.toml --plugin"), str(Path(__file__).parents[1] / "helpers" / "toy.py"), "--dry-run"),
        "to run",
        code=0,
        base="data",
        prepare=lambda folder: data(
            b"\xef\xbb\xbfdatasets = 'toy'\nmethods = 'linear'\nbackbone = 'tiny'\ndata-root = 'data'\n"
        )(folder),
    ),
]

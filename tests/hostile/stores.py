"""Stores of which one member is damaged: it is named and left out, and the rest comes."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.commands import TOY
from hostile import damage
from hostile.damage import Harm, to_all, to_first
from hostile.entry import Hostile, Prepare, words
from hostile.places import toy_bench

LEADERBOARD = words("leaderboard --runs runs --out tables")
PUBLISH = words("publish site --runs runs")
AUDIT = words("audit runs --verbose")
STATUS = words("status runs")
DRY = toy_bench("--methods linear,zero-shot-clip --dry-run")
BENCH = toy_bench("--methods linear,zero-shot-clip")
RESCORE = words("rescore runs --plugin metric.py")
METRIC = """
from harness import MetricSpec, hookimpl

@hookimpl
def register_metrics():
    return [MetricSpec("half", "Half", lambda predictions: 0.5)]
"""
SUBMIT = (*words("submit runs --out s.zip --plugin"), str(TOY))
COMPARE = words("compare linear zero-shot-clip --runs runs")
JOINED = words("leaderboard --runs runs --runs other --out tables")
RESULT, PREDICTIONS, HISTORY = (
    f"runs/toy/linear/*/{name}" for name in ("result.json", "predictions.parquet", "history.parquet")
)

NAMED = r"runs/toy/linear/[^ ]*result\.json: "
ENDS: Mapping[str, tuple[tuple[str, ...], int]] = {
    "leaderboard": (LEADERBOARD, 0),
    "publish": (PUBLISH, 0),
    "audit": (AUDIT, 1),
    "status": (STATUS, 0),
    "dry run": (DRY, 0),
    "bench": (BENCH, 0),
    "rescore": (RESCORE, 1),
    "submit": (SUBMIT, 0),
}


def rest(place: Path) -> str:
    """The rest has to come: the other method's numbers, wherever tables were asked for."""
    if (place / "tables").is_dir():
        text = (place / "tables" / "leaderboard.json").read_text()
        return "" if "zero-shot-clip" in text else "the other method is not in the tables"
    if (place / "site").is_dir():
        return "" if (place / "site" / "index.html").stat().st_size > 1000 else "no first page"
    return ""


def measured(pattern: str, harm: Harm) -> Prepare:
    """Damage a file, and have a metric at hand that no result has."""

    def prepare(folder: Path) -> None:
        (folder / "metric.py").write_text(METRIC)
        to_first(pattern, harm)(folder)

    return prepare


def entries(kind: str, pattern: str, harm: Harm, commands: str, says: str) -> list[Hostile]:
    found = []
    for name in commands.split(", "):
        command, code = ENDS[name]
        says = says.replace(NAMED, "runs/toy/linear/") if name == "rescore" else says
        found.append(
            Hostile(f"{name}: {kind}", command, says, code, measured(pattern, harm), "store", after=rest)
        )  # fmt: skip
    return found


TABLES, ALL = "leaderboard, audit", "leaderboard, publish, audit, status, dry run, rescore, submit"

RESULTS = [
    *entries("a result cut short", RESULT, damage.cut, f"{ALL}, bench", NAMED),
    *entries("an empty result", RESULT, damage.content(""), "publish, status, bench", NAMED),
    *entries("a result of lists in lists", RESULT, damage.content(damage.NESTED), f"{ALL}, bench", NAMED),
    *entries("a result of objects in objects", RESULT, damage.content(damage.DEEP_OBJECT), "status, audit", NAMED),
    *entries("a result of 1 TB", RESULT, damage.giant, ALL, NAMED + ".*bytes"),
    *entries("a pipe for a result", RESULT, damage.pipe, f"{ALL}, bench", NAMED + ".*named pipe"),
    *entries("a folder for a result", RESULT, damage.folder, "leaderboard, status, rescore", NAMED + ".*a folder"),
    *entries("a socket for a result", RESULT, damage.bound_socket, "publish, dry run", NAMED + ".*a socket"),
    *entries("a device for a result", RESULT, damage.link("/dev/zero"), ALL, NAMED + ".*a device"),
    *entries("a random device for a result", RESULT, damage.link("/dev/urandom"), "audit", NAMED + ".*a device"),
    *entries("links in a circle", RESULT, damage.circle, "leaderboard, status, bench", NAMED),
    *entries("a link that leads nowhere", RESULT, damage.link("gone"), "audit, status, dry run", NAMED),
    *entries("a result that was removed", RESULT, damage.removed, "leaderboard, audit, status", NAMED),
    *entries("a pickle for a result", RESULT, damage.content(damage.PICKLED), "leaderboard, status", NAMED),
    *entries("a list for a result", RESULT, damage.content("[1, 2]"), "status, leaderboard", NAMED),
    *entries("text in UTF-16", RESULT, lambda p: p.write_text(p.read_text(), "utf-16"), "status, audit", NAMED),
    *entries("a schema of the future", RESULT, damage.edited("schema", 99), "leaderboard, rescore", NAMED + ".*schema"),
    *entries("a score that is a text", RESULT, damage.edited("metrics.war", "high"), "publish, audit", NAMED),
    *entries("a score that is a list", RESULT, damage.edited("metrics.uar", [0.5]), "publish, leaderboard", NAMED),
    *entries("a score that is an object", RESULT, damage.edited("metrics.war", {"x": 1}), "publish, submit", NAMED),
    *entries("a score that is NaN", RESULT, damage.edited("metrics.war", float("nan")), "leaderboard, publish", NAMED),
    *entries("a score that is infinite", RESULT, damage.edited("metrics.uar", float("inf")), "publish", NAMED),
    *entries("a score that is true", RESULT, damage.edited("metrics.war", True), "publish, audit", NAMED),
    *entries("scores of another type", RESULT, damage.edited("metrics", "none"), "leaderboard, submit", NAMED),
    *entries("a seed of 5,000 digits", RESULT, damage.edited("seed", 10**4000), "audit, publish", NAMED),
    *entries("a cost that is a text", RESULT, damage.edited("cost.gflops", "31"), "leaderboard", NAMED),
    *entries("a cost below 0", RESULT, damage.edited("cost.gflops", -1), "publish", NAMED),
    *entries("parameters that are a list", RESULT, damage.edited("cost.params_total", [1]), "publish", NAMED),
    *entries("GPUs that are a number", RESULT, damage.edited("provenance.hardware", {"gpus": 3}), "publish", NAMED),
    *entries("a year that is a text", RESULT, damage.edited("facts", {"year": "new"}), "publish, leaderboard", NAMED),
    *entries("phases that are texts", RESULT, damage.edited("phases", {"fit": "long"}), "status, dry run", NAMED),
    *entries("a method that is a list", RESULT, damage.edited("method", ["x"]), "status, leaderboard", NAMED),
    *entries("classes that are numbers", RESULT, damage.edited("protocol.classes", [1, 2, 3]), "publish, audit", NAMED),
    *entries("a confusion matrix of texts", RESULT, damage.edited("confusion", [["a"]]), "publish", NAMED),
    *entries("a plugin that is a text", RESULT, damage.edited("plugin", "x"), "status, leaderboard", NAMED),
    *entries("no protocol", RESULT, damage.without("protocol"), "leaderboard, submit, rescore", NAMED),
]  # fmt: skip

P = r"predictions\.parquet: "


def lying(rows: int, field: str = "num_rows") -> Harm:
    """Write a footer that claims so many rows over columns that have three."""

    def harm(path: Path) -> None:
        sound = pd.read_parquet(path)
        names = list(sound.columns)
        pq.write_table(pa.table({name: ["x"] * 3 for name in names}), path)
        data = bytearray(path.read_bytes())
        size = int.from_bytes(data[-8:-4], "little")
        footer = bytes(data[-8 - size : -8])
        three, many = b"\x16\x06", b"\x16" + _varint(rows)
        new = footer.replace(three, many)
        path.write_bytes(bytes(data[: -8 - size]) + new + len(new).to_bytes(4, "little") + b"PAR1")

    return harm


def _varint(number: int) -> bytes:
    """Return a zigzag number of Thrift's compact protocol."""
    left, out = number * 2, bytearray()
    while left > 127:
        out.append(left & 127 | 128)
        left >>= 7
    return bytes([*out, left])


def long_footer(path: Path) -> None:
    """Say that the footer is longer than the file."""
    data = path.read_bytes()
    path.write_bytes(data[:-8] + b"\xff\xff\xff\x7fPAR1")


def dropped(column: str) -> Harm:
    return lambda path: pd.read_parquet(path).drop(columns=column).to_parquet(path)


def set_first(column: str, value: object) -> Harm:
    def harm(path: Path) -> None:
        frame = pd.read_parquet(path)
        frame[column] = frame[column].astype(object)
        frame.loc[0, column] = value
        frame.to_parquet(path)

    return harm


TABLES_OF_ROWS = [
    *entries("predictions cut short", PREDICTIONS, damage.cut, "audit, status, dry run, bench, rescore, submit", P),
    *entries("predictions of billions of rows", PREDICTIONS, lying(4_000_000_000), "audit, rescore", P + ".*rows"),
    *entries("predictions of 2**62 rows", PREDICTIONS, lying(2**62), "audit, submit", P),
    *entries("predictions of 900,000 rows", PREDICTIONS, lying(900_000), "audit, rescore", P),
    *entries("rows below 0", PREDICTIONS, lying(0), "audit", P),
    *entries("a footer longer than the file", PREDICTIONS, long_footer, "audit, rescore, submit", P),
    *entries("predictions of 1 TB", PREDICTIONS, damage.giant, "audit, rescore", P + ".*bytes"),
    *entries("a pipe for predictions", PREDICTIONS, damage.pipe, "audit, status, dry run, rescore, submit", P),
    *entries("a folder for predictions", PREDICTIONS, damage.folder, "audit, status, rescore, submit", P),
    *entries("a socket for predictions", PREDICTIONS, damage.bound_socket, "audit", P),
    *entries("a device for predictions", PREDICTIONS, damage.link("/dev/zero"), "audit, status, rescore, submit", P),
    *entries("predictions in a circle of links", PREDICTIONS, damage.circle, "audit, rescore", P),
    *entries("a pickle for predictions", PREDICTIONS, damage.content(damage.PICKLED), "audit, submit, bench", P),
    *entries("no predictions", PREDICTIONS, damage.removed, "audit, status, submit, rescore", P),
    *entries("predictions without a label", PREDICTIONS, dropped("label"), "audit, rescore, submit", P + ".*label"),
    *entries("a label that is no class", PREDICTIONS, set_first("label", "joy"), "audit, submit", "joy"),
    *entries("a history cut short", HISTORY, damage.cut, "audit, submit", r"history\.parquet"),
    *entries("a pipe for a history", HISTORY, damage.pipe, "audit, submit", r"history\.parquet"),
    *entries("a device for a history", HISTORY, damage.link("/dev/zero"), "audit", r"history\.parquet"),
    *entries("a history of billions of epochs", HISTORY, lying(4_000_000_000), "audit", r"history\.parquet"),
    *entries("a pickle for a history", HISTORY, damage.content(damage.PICKLED), "audit", r"history\.parquet"),
]  # fmt: skip


def publishes(name: str, pattern: str, harm: Harm, says: str = "runs") -> Hostile:
    return Hostile(f"publish: {name}", PUBLISH, says, 0, to_first(pattern, harm), "store", after=on_audit_page)


def on_audit_page(place: Path) -> str:
    text = (place / "site" / "audit.html").read_text()
    return "" if "parquet" in text else "the audit's page does not name the file"


PAGES = [
    publishes("a pipe for predictions", PREDICTIONS, damage.pipe, "index.html"),
    publishes("a device for a history", HISTORY, damage.link("/dev/zero"), "index.html"),
    publishes("predictions of billions of rows", PREDICTIONS, lying(4_000_000_000), "index.html"),
    publishes("a history cut short", HISTORY, damage.cut, "index.html"),
]


def beside(name: str, text: bytes | str) -> Prepare:
    return lambda folder: damage.content(text)(folder / "runs" / name)


def in_place(name: str, harm: Harm) -> Prepare:
    def prepare(folder: Path) -> None:
        path = folder / "runs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        harm(path)

    return prepare


def copied(folder: Path) -> None:
    """Put the same jobs into a second store, in which one is damaged."""
    shutil.copytree(folder / "runs", folder / "other")
    damage.cut(next((folder / "other").glob("toy/linear/*/result.json")))


def named(name: bytes) -> Prepare:
    """Put a damaged result into a folder with a strange name."""

    def prepare(folder: Path) -> None:
        source = next(folder.glob("runs/toy/linear/*-s1-*"))
        target = os.fsencode(folder / "runs" / "toy" / "linear") + b"/" + name
        shutil.copytree(os.fsencode(source), target)
        Path(os.fsdecode(target), "result.json").write_text("{")

    return prepare


def compare(name: str, pattern: str, harm: Harm, says: str, code: int = 0) -> Hostile:
    return Hostile(f"compare: {name}", COMPARE, says, code, to_first(pattern, harm), "store")


def all_of(name: str, command: tuple[str, ...], harm: Harm, says: str, code: int) -> Hostile:
    return Hostile(name, command, says, code, to_all("runs/toy/*/*/result.json", harm), "store")


V, PLAN = "verified.json", ".plans/x.json"
AROUND = [
    compare("another fold is damaged", RESULT, damage.cut, NAMED),
    compare("a pipe for a result", RESULT, damage.pipe, NAMED),
    compare("predictions of billions of rows", PREDICTIONS, lying(4_000_000_000), P),
    compare("a pipe for predictions", PREDICTIONS, damage.pipe, P),
    Hostile("verifications cut short", LEADERBOARD, V, 0, beside(V, "{"), "store", after=rest),
    Hostile("verifications of another form", AUDIT, V, 1, beside(V, '{"schema": 1, "verifications": 3}'), "store"),
    Hostile("verifications in lists in lists", PUBLISH, V, 0, beside(V, damage.NESTED), "store", after=rest),
    Hostile("a pipe for verifications", LEADERBOARD, V, 0, in_place(V, damage.pipe), "store", after=rest),
    Hostile("a folder for verifications", AUDIT, V, 1, in_place(V, damage.folder), "store"),
    Hostile("a device for verifications", PUBLISH, V, 0, in_place(V, damage.link("/dev/zero")), "store", after=rest),
    Hostile("links in a circle beside datasets", LEADERBOARD, "runs/x: a link", 0, in_place("x", damage.circle),
            "store", after=rest),
    Hostile("a lost link among methods", AUDIT, "toy/x: a link", 1, in_place("toy/x", damage.link("gone")), "store"),
    Hostile("a second store with a damaged twin", JOINED, r"other/toy/linear/.*result\.json", 0, copied, "store",
            after=rest),
    Hostile("a folder name that is not UTF-8", AUDIT, r"result\.json", 1, named(b"\xb1\xea-s1-abc"), "store"),
    Hostile("a folder name that steers the terminal", LEADERBOARD, r"\\x1b\]0;x\\x07-s1-a/result\.json", 0,
            named(b"\x1b]0;x\x07-s1-a"), "store", after=rest),
    Hostile("a folder name with a line break", STATUS, r"result\.json", 0, named(b"a\nb-s1-abc"), "store"),
    Hostile("a folder name of 250 letters", AUDIT, r"result\.json", 1, named(b"a" * 240 + b"-s1-abc"), "store"),
    Hostile("a folder name of brackets", PUBLISH, r"\[bold\]-s1-a/result\.json", 0, named(b"[bold]-s1-a"), "store"),
    all_of("nothing but damaged results", LEADERBOARD, damage.cut, NAMED, 2),
    all_of("nothing but pipes", AUDIT, damage.pipe, "named pipe", 2),
    all_of("nothing but damaged results to hand in", SUBMIT, damage.cut, NAMED, 2),
    all_of("nothing but damaged results to plan with", DRY, damage.cut, NAMED, 0),
    all_of("nothing but devices to rescore", words("rescore runs"), damage.link("/dev/zero"), "runs/toy/.*a device", 1),
    Hostile("a plan in lists in lists", STATUS, "linear", 0, in_place(PLAN, damage.content(damage.NESTED)), "store"),
    Hostile("a pipe for a plan", STATUS, "linear", 0, in_place(PLAN, damage.pipe), "store"),
    Hostile("a device for a plan", BENCH, "4 kept", 0, in_place(PLAN, damage.link("/dev/zero")), "store"),
    Hostile("a folder for a plan", BENCH, "4 kept", 0, in_place(PLAN, damage.folder), "store"),
]  # fmt: skip


def shortened(folder: Path) -> None:
    """Let the store hold a checkpoint that is rubbish for a job that is to be run."""
    result = next(folder.glob(RESULT))
    job = json.loads(result.read_text())["id"]
    shutil.rmtree(result.parent)
    (folder / "runs" / ".checkpoints").mkdir(exist_ok=True)
    (folder / "runs" / ".checkpoints" / f"{job}.pt").write_bytes(damage.PICKLED)


RUNS = [
    Hostile("a pickle for a checkpoint", BENCH, "1 jobs done, 0 failed", 0, shortened, "store", after=damage.no_code),
    Hostile("verify: a result cut short", (*words("verify runs --plugin"), str(TOY), *words("--data-root data")),
            NAMED, 0, to_first(RESULT, damage.cut), "store"),
    Hostile("verify: a pipe for a result", (*words("verify runs --plugin"), str(TOY), *words("--data-root data")),
            NAMED, 0, to_first(RESULT, damage.pipe), "store"),
    Hostile("verify: a pipe for predictions", (*words("verify runs --jobs 4 --plugin"), str(TOY),
            *words("--data-root data")), "cannot be run again", 2, to_first(PREDICTIONS, damage.pipe), "store"),
]  # fmt: skip

ENTRIES = [*RESULTS, *TABLES_OF_ROWS, *PAGES, *AROUND, *RUNS]

"""Names that steer a terminal, are of another coding, or are too long; prompts that are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from helpers.commands import TOY
from hostile.entry import Hostile, Prepare, words
from hostile.films import films
from hostile.places import toy_bench

EVIL = "\x1b]0;x\x07"
CONTROLS = {
    "a title's sequence": EVIL,
    "a colour": "\x1b[31mred",
    "a cleared screen": "\x1b[2J\x1b[H",
    "a C1 sequence": "\x9b31m",
    "a return": "done\rfailed",
    "a backspace": "ab\b\bcd",
    "a bell": "a\x07b",
    "writing that turns round": "a\u202eb",
    "a line's end": "a\u2028b",
}
GBK = os.fsdecode("人脸".encode("gbk"))
LATIN = os.fsdecode(b"h\xe4nde")
SPELT = r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[rnbx]"
TEXTUAL = f"--plugin {TOY} --datasets folder --data-root films --backbone tiny --folds 1 --executor inline --out runs"
CHECK = words("data check folder --root films --frames 3")


def clean(said: str) -> str:
    """Return a pattern of an answer in which nothing steers a terminal."""
    return rf"(?s)^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]*{said}[^\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]*$"


def folder_bench(more: str) -> tuple[str, ...]:
    """Return the words of a bench on the clips that lie in `films`."""
    return ("bench", "--quick", *TEXTUAL.split(), *more.split())


def plugin(method: str) -> Prepare:
    """Write a plugin whose method has that name, and sound clips."""

    def prepare(folder: Path) -> None:
        films(folder)
        (folder / "own.py").write_text(
            "from harness import MethodSpec, hookimpl\n"
            "@hookimpl\ndef register_methods():\n"
            f"    return [MethodSpec({method!r}, '1', 'own:no')]\n"
        )

    return prepare


def bench_file(**held: object) -> Prepare:
    """Write a bench file."""

    def prepare(folder: Path) -> None:
        (folder / "b.json").write_text(json.dumps(held))

    return prepare


def clips(name: str, *, classes: bool = False) -> Prepare:
    """Write clips of which one, or one class, has that name."""

    def prepare(folder: Path) -> None:
        root = films(folder)
        place = root / "happy"
        if classes:
            place.rename(root / name)
        else:
            (place / "c0").rename(place / name)

    return prepare


def a_list(*rows: str, header: str = "clip,label") -> Prepare:
    """Write clips, and a list of them."""

    def prepare(folder: Path) -> None:
        films(folder)
        (folder / "films" / "clips.csv").write_text("\n".join([header, *rows]) + "\n")

    return prepare


def text_of(count: int) -> str:
    """Return a class of so many words."""
    return " ".join(["very"] * (count - 1) + ["glad"])


def long_class(count: int) -> Prepare:
    """Write clips with a class of so many words."""
    held = [f"happy/c{n},{text_of(count)}" for n in range(4)] + [f"sad/c{n},sad" for n in range(4)]
    return a_list(*held)


def renamed(old: str, new: str) -> Prepare:
    """Write clips, and rename what holds them."""

    def prepare(folder: Path) -> None:
        films(folder)
        (folder / old).rename(folder / new)

    return prepare


def kept(place: str) -> Callable[[Path], str]:
    """Look whether a place is still empty."""
    return lambda folder: f"{place} was written" if (folder / place).exists() else ""


PROMPTED = ("zero-shot-clip", "coop", "cocoop", "biehpro", "a3lign")
ENTRIES = [
    *(
        Hostile(f"{what} in an override", (*toy_bench(), "--set", f"{text}=1"), clean(SPELT), base="data")
        for what, text in CONTROLS.items()
    ),
    *(Hostile(f"{what} as a command", (text,), clean(SPELT)) for what, text in CONTROLS.items()),
    *(Hostile(f"{what} as a flag", ("list", f"--{text}"), clean(SPELT)) for what, text in CONTROLS.items()),
    *(
        Hostile(
            f"{what} as a method", (*toy_bench(), "--methods", f"linear{text}"), clean("unknown method"), base="data"
        )
        for what, text in CONTROLS.items()
    ),
    *(
        Hostile(f"{what} as a dataset", ("data", "check", text), clean("unknown dataset"))
        for what, text in CONTROLS.items()
    ),
    *(
        Hostile(f"{what} in the name of a clip", CHECK, clean("cannot be printed; rename it"), 1, clips(f"a{text}"))
        for what, text in CONTROLS.items()
    ),
    *(
        Hostile(
            f"{what} in the name of a class", CHECK, clean("cannot be printed; rename it"), 1, clips(text, classes=True)
        )
        for what, text in CONTROLS.items()
        if "\r" not in text
    ),
    *(
        Hostile(
            f"{what} in a list's label",
            CHECK,
            clean("cannot be printed"),
            1,
            a_list(f"happy/c0,{text}", "sad/c0,sad", "sad/c1,sad", "happy/c1,happy", "happy/c2,happy"),
        )
        for what, text in CONTROLS.items()
        if what not in ("a line's end", "a return")
    ),
    *(
        Hostile(
            f"{what} in a bench file",
            words("bench b.json"),
            clean("b.json"),
            2,
            bench_file(methods=[f"a{text}"], **{text: 1}),
        )
        for what, text in CONTROLS.items()
    ),
    *(
        Hostile(
            f"{what} as a method of a plugin",
            words("list methods --plugin own.py"),
            clean(SPELT),
            0,
            plugin(f"m{text}"),
        )
        for what, text in CONTROLS.items()
    ),
    Hostile(
        "a title's sequence as a folder of results", ("leaderboard", "--runs", EVIL), clean("no results|no such folder")
    ),
    Hostile(
        "a title's sequence as a folder of data", (*toy_bench(), "--data-root", EVIL), clean("no folder"), base="data"
    ),
    Hostile("a title's sequence as a bench file", ("bench", EVIL), clean("cannot be read")),
    Hostile("a title's sequence as a plugin", ("list", "--plugin", EVIL), clean("no such file")),
    Hostile(
        "a title's sequence as a backbone", (*toy_bench(), "--backbone", EVIL), clean("unknown|backbone"), base="data"
    ),
    Hostile("a title's sequence as weights", ("weights", "where", EVIL), clean("unknown weights")),
    Hostile("a title's sequence as a study", ("study", EVIL), clean("unknown study")),
    Hostile("a title's sequence as an analysis", ("analyze", EVIL), clean("unknown analysis|no results")),
    Hostile("a title's sequence as a seed", (*toy_bench(), "--seeds", EVIL), clean("seeds"), base="data"),
    Hostile("a title's sequence as a layout", (*toy_bench(), "--layout", EVIL), clean("layout"), base="data"),
    # Bytes of another coding.
    Hostile("GBK as a clip", CHECK, clean("no problems"), 0, clips(GBK)),
    Hostile("GBK as a class", CHECK, clean(r"\\xc8\\xcb\\xc1\\xb3.*no problems"), 0, clips(GBK, classes=True)),
    Hostile(
        "Latin-1 as a root",
        ("data", "check", "folder", "--root", LATIN),
        clean(r"h\\xe4nde.*no problems"),
        0,
        renamed("films", LATIN),
    ),
    Hostile(
        "GBK through a bench",
        folder_bench("--methods linear"),
        clean("1 jobs done, 0 failed"),
        0,
        clips(GBK),
    ),
    Hostile(
        "GBK as a class through a bench",
        folder_bench("--methods zero-shot-clip"),
        clean("1 jobs done, 0 failed"),
        0,
        clips(GBK, classes=True),
    ),
    Hostile(
        "GBK as the folder of results", (*toy_bench(), "--out", GBK), clean("not UTF-8"), base="data", after=kept(GBK)
    ),
    Hostile(
        "GBK as the cache", toy_bench(), clean("HARNESS_CACHE .*not UTF-8"), base="data", env={"HARNESS_CACHE": GBK}
    ),
    Hostile(
        "GBK as a plugin",
        ("list", "--plugin", f"{GBK}.py"),
        clean("UTF-8; rename"),
        2,
        lambda folder: (folder / f"{GBK}.py").touch(),
    ),
    Hostile(
        "GBK as the place of a dataset",
        ("data", "set", "mine", GBK),
        clean("not UTF-8"),
        2,
        lambda folder: (folder / GBK).mkdir(),
        env={"HARNESS_CONFIG": "config.toml"},
    ),
    # What is too long for a file system.
    Hostile(
        "a method of 300 letters",
        (*folder_bench("--methods"), "m" * 300, "--plugin", "own.py"),
        clean("make a folder whose name has 300 bytes"),
        2,
        plugin("m" * 300),
        after=kept("runs"),
    ),
    Hostile(
        "a method of 100 signs",
        (*folder_bench("--methods"), "脸" * 100, "--plugin", "own.py"),
        "make a folder whose name has 900 bytes",
        2,
        plugin("脸" * 100),
        after=kept("runs"),
    ),
    Hostile(
        "a folder of results of 300 letters",
        (*toy_bench(), "--out", "o" * 300),
        "cannot write results|too long",
        base="data",
    ),
    Hostile(
        "results below 4,000 letters",
        (*toy_bench(), "--out", "/".join(["o" * 200] * 20)),
        "over 4,095; shorten --out",
        base="data",
    ),
    Hostile(
        "data below 5,000 letters",
        (*toy_bench(), "--data-root", "/".join(["d" * 200] * 25)),
        "no folder|too long",
        base="data",
    ),
    Hostile(
        "a clip of a list of 300 letters",
        CHECK,
        "is not there|cannot be opened",
        1,
        a_list(f"{'c' * 300},happy", "happy/c1,happy", "sad/c0,sad", "sad/c1,sad"),
    ),
    # Prompts over 77 tokens.
    *(
        Hostile(
            f"a class of 91 words for {method}",
            folder_bench(f"--methods {method}"),
            "failed: .*has (9\\d|103) tokens, start and end included, and the text tower takes 77",
            1,
            long_class(91),
        )
        for method in PROMPTED
        if method != "a3lign"
    ),
    Hostile(
        "a class of 76 words for coop",
        folder_bench("--methods coop"),
        "takes 77|do not fit",
        1,
        long_class(76),
    ),
]

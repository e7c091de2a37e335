"""Folds of dataset plugins that no result may be made on, and folds that can be used and have to be told of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hostile.entry import Hostile, Prepare, words
from hostile.places import toy_bench

PLUGIN = """
import os
from dataclasses import replace
from pathlib import Path
from harness import ClassLabel, DatasetSpec, Fold, Inventory, Problem, Sample, hookimpl

CLASSES = tuple(ClassLabel(name, name) for name in {classes})

def parts(root, fold):
    rows = [line.split() for line in (root / "labels.txt").read_text().splitlines()]
    names = ["left", "middle", "right"]
    clips = [(Sample(clip, root / "clips" / clip, names.index(word)), tested) for clip, word, tested in rows]
    return [clip for clip, tested in clips if tested != fold], [clip for clip, tested in clips if tested == fold]

def load(root, fold):
    train, test = parts(root, fold)
    {body}
    return Fold(train, test)

def read(root, layout):
    folds = {{name: load(root, name) for name in ("1", "2")}}
    found = Inventory(folds, "", "")
    {read}
    return found

@hookimpl
def register_datasets():
    return [DatasetSpec("odd", "1", "Odd", "TOY", CLASSES, {folds}, load{more})]
"""
THREE = ("left", "middle", "right")


def plugin(
    body: str = "pass", read: str = "", classes: object = THREE, folds: object = ("1", "2"), links: tuple[str, ...] = ()
) -> Prepare:
    """Write a plugin of the toy dataset whose folds are changed by `body`, or whose inventory is by `read`."""

    def write(folder: Path) -> None:
        filled = {"body": body, "read": read or "pass", "classes": classes, "folds": folds}
        text = PLUGIN.format(**filled, more=", read=read" if read else "")
        (folder / "odd.py").write_text(text)
        for clip in links:  # clip:other
            name, _, other = clip.partition(":")
            (folder / "data" / "TOY" / "clips" / name).symlink_to(other)

    return write


CHECK = words("data check odd --plugin odd.py --root data/TOY")
BENCH = toy_bench("--plugin odd.py --datasets odd --quick")
REFUSED = {  # name -> what the reader does, and what has to be said
    "test clips that are the training clips": ("train = test", "12 clips are in train and in test: 000, 002, 004"),
    "one clip in train and test": ("train = train + test[:1]", "fold 1: 1 clips are in train and in test: 000"),
    "a clip twice in test": ("test = test + test[:1]", "fold 1: 1 ids come more than once in one part: 000"),
    "a clip twice in train": ("train = train + train[:1]", "1 ids come more than once in one part"),
    "one source under two ids": (
        "test = [*test, replace(train[0], id='again')]",
        "sources have two ids: .*001 and again are both .*clips/001",
    ),
    "one id of two sources": (
        "train = [*train, replace(train[0], id=test[0].id)]",
        "1 clips are in train and in test: 000",
    ),
    "another label in another fold": (
        "train = [replace(clip, label=(clip.label + 1) % 3) for clip in train]",
        "24 clips differ from fold to fold.*label",
    ),
    "another source in another fold": (
        "test = [replace(clip, source=clip.source.parent / (clip.id + 'x')) for clip in test]",
        "differ from fold to fold.*source",
    ),
    "a label above the classes": (
        "test[0] = replace(test[0], label=3)",
        "label 3 of clip 000 is none of the 3 classes, which are 0 to 2",
    ),
    "a label below nought": ("test[0] = replace(test[0], label=-1)", "label -1 of clip 000 is none of the 3 classes"),
    "labels from one": (
        "train, test = [[replace(c, label=c.label + 1) for c in part] for part in (train, test)]",
        "label 3 of clip .* is none of the 3 classes",
    ),
    "a label that is a word": (
        "test[0] = replace(test[0], label='left')",
        "label of clip 000 is the str 'left'; expected a whole number",
    ),
    "a label that is a fraction": ("test[0] = replace(test[0], label=1.0)", "label of clip 000 is the float 1.0"),
    "a label that is no number": ("test[0] = replace(test[0], label=float('nan'))", "is the float nan"),
    "a label that is true": ("test[0] = replace(test[0], label=True)", "label of clip 000 is the bool True"),
    "a label that is missing": ("test[0] = replace(test[0], label=None)", "label of clip 000 is None"),
    "an id that is a number": (
        "test = [replace(c, id=int(c.id)) for c in test]",
        "the id of a clip is the int 0; expected a text",
    ),
    "an id that is a path": ("test[0] = replace(test[0], id=Path('000'))", "id of a clip is the PosixPath"),
    "an id that is empty": ("test[0] = replace(test[0], id='')", "'' is no id of a clip: it is empty"),
    "an id of blanks": ("test[0] = replace(test[0], id='  ')", "no id of a clip"),
    "an id of two lines": ("test[0] = replace(test[0], id='a' + chr(10) + 'b')", "holds control characters"),
    "an id that steers a terminal": ("test[0] = replace(test[0], id=chr(27) + ']0;x')", "holds control characters"),
    "a source that is a text": (
        "test[0] = replace(test[0], source=str(test[0].source))",
        "source of clip 000 is the str .*; expected a pathlib.Path",
    ),
    "a source that is missing": ("test[0] = replace(test[0], source=None)", "source of clip 000 is None"),
    "a source elsewhere": (
        "test[0] = replace(test[0], source=root.parent / 'x')",
        "clip 000 is at .*, which is not below",
    ),
    "a relative source": ("test[0] = replace(test[0], source=Path('clips/000'))", "which is not below"),
    "a source that goes upwards": ("test[0] = replace(test[0], source=root / 'a' / '..' / '..' / 'x')", "goes upwards"),
    "a source that is the root": ("test[0] = replace(test[0], source=root)", "clip 000 is the root"),
    "a source with a zero byte": ("test[0] = replace(test[0], source=root / ('a' + chr(0)))", "zero byte"),
    "a group that is a number": ("test[0] = replace(test[0], group=3)", "group of clip 000 is the int 3"),
    "a group that is missing": ("test[0] = replace(test[0], group=None)", "group of clip 000 is None"),
    "soft targets of words": ("test[0] = replace(test[0], targets=('a', 'b', 'c'))", "soft targets of clip 000 are"),
    "soft targets of too few": ("test[0] = replace(test[0], targets=(0.5, 0.5))", "expected 3 numbers"),
    "soft targets that are no numbers": (
        "test[0] = replace(test[0], targets=(float('nan'), 0.5, 0.5))",
        "soft targets of clip 000",
    ),
    "a soft target alone": ("test[0] = replace(test[0], targets=1.0)", "soft targets of clip 000 are 1.0"),
    "tuples in place of clips": ("test = [(c.id, c.source, c.label) for c in test]", "the tuple .* is no Sample"),
    "a dictionary in place of a clip": ("test[0] = {'id': '000'}", "the dict .* is no Sample"),
    "ids in place of clips": ("test = [c.id for c in test]", "the str '000' is no Sample"),
    "a generator in place of a list": (
        "test = (c for c in test)",
        "test is the generator .*; expected a list of Sample",
    ),
    "a set in place of a list": ("test = set(test)", "test is the set .*; expected a list of Sample"),
    "a mapping in place of a list": ("test = {c.id: c for c in test}", "test is the dict"),
    "a text in place of a list": ("test = 'abc'", "test is the str 'abc'"),
    "no list at all": ("train = None", "train is None; expected a list of Sample"),
    "a pair in place of a fold": ("return train, test", "fold 1 is the tuple .*; expected Fold"),
    "a list in place of a fold": ("return train + test", "fold 1 is the list"),
    "nothing in place of a fold": ("return None", "fold 1 is None; expected Fold"),
    "the class in place of a fold": ("return Fold", "fold 1 is the type"),
    "an error of the reader": ("return {}[fold]", "KeyError: '1'"),
    "a list that is not there": ("open(root / 'nowhere.txt')", "fold '1' cannot be read: FileNotFoundError"),
}
READS = {
    "nothing in place of an inventory": ("return None", "read gives None; expected a harness.Inventory"),
    "folds in place of an inventory": ("return folds", "read gives the dict"),
    "a list of folds": (
        "return replace(found, folds=list(folds.values()))",
        "folds are the list .*; expected a mapping",
    ),
    "a fold that is not read": (
        "return replace(found, folds={'1': folds['1']})",
        "fold 2 is declared and not read; there are 1",
    ),
    "a fold too many": (
        "return replace(found, folds={**folds, '3': folds['1']})",
        "fold 3 is read and not declared; the spec has 1, 2",
    ),
    "a fold whose name is a number": (
        "return replace(found, folds={1: folds['1'], 2: folds['2']})",
        "the int 1 is no name of a fold",
    ),
    "no folds": ("return replace(found, folds={})", "it has no folds"),
    "a problem that is a text": ("return replace(found, problems=['late'])", "problems hold the str 'late'"),
    "a fold that is no fold": ("return replace(found, folds={**folds, '2': 7})", "fold 2 is the int 7"),
}
CLASSES = {
    "one class": (("left",), "it has 1 class; at least two are needed"),
    "no class": ((), "it has 0 classes"),
    "a class twice": (("left", "left", "right"), "'left' and 'left' are one by their spelling"),
    "a class in two cases": (("left", "Left", "right"), "'left' and 'Left' are one by their spelling"),
    "a class with a blank": (("left", "left ", "right"), "are one by their spelling"),
    "a class in two forms": (("happy", "happiness", "sad"), "'happy' and 'happiness' are one by their spelling"),
    "a class in two Unicode forms": (("caf\u00e9", "cafe\u0301", "x"), "are one by their spelling"),
    "a class without a name": (("", "b", "c"), "the str '' is no name of a class"),
    "a class of two lines": (("a\nb", "b", "c"), "is no name of a class"),
    "a class that is a number": ((0, 1, 2), "the int 0 is no name of a class"),
}
TOLD = {  # what can be used: the words come with exit code 0, in `data check` and in a bench
    "a class that is never trained": (
        "train = [c for c in train if c.label or fold == '2']",
        "fold 1: no training clip of left \\(4 test clips\\)",
    ),
    "a class that is never tested": (
        "test = [c for c in test if c.label < 2]",
        "no test clip of right, so UAR is the mean over 2 of 3 classes",
    ),
    "a class that one fold never tests": (
        "test = [c for c in test if c.label < 2 or fold == '1']",
        "fold 2: no test clip of right",
    ),
    "a subject on both sides": (
        "train, test = [[replace(c, group='s1') for c in part] for part in (train, test)]",
        "1 group is in train and in test: s1",
    ),
}


def refused() -> Iterator[Hostile]:
    """Yield folds that stop a run, each in one of the two commands that read them."""
    for number, (name, (body, says)) in enumerate(REFUSED.items()):
        command, code = ((CHECK, 1), (BENCH, 2))[number % 2]
        yield Hostile(name, command, says, code, plugin(body), "data")
    for name, (read, says) in READS.items():
        yield Hostile(name, CHECK, says, 1, plugin(read=read), "data")
    for name, (classes, says) in CLASSES.items():
        yield Hostile(name, BENCH, says, 2, plugin(classes=classes), "data")


def told() -> Iterator[Hostile]:
    """Yield folds that can be used."""
    for name, (body, says) in TOLD.items():
        yield Hostile(f"{name}, checked", CHECK, says, 0, plugin(body), "data")
        yield Hostile(f"{name}, run", BENCH, says, 0, plugin(body), "data", after=says_so_in_results)


def says_so_in_results(folder: Path) -> str:
    results = [path.read_text() for path in folder.glob("runs/*/*/*/result.json")]
    return "" if any('"doubts"' in result for result in results) else f"no doubts in {len(results)} results"


LINKED = "test = [*test, Sample('again', root / 'clips' / 'again', 0)]"
EMPTY = "test = test if fold == '2' else []"
ENTRIES = [
    *refused(),
    *told(),
    Hostile("a link to a training clip", CHECK, "1 pairs of ids lead to one source, by links: 001 and again", 1,
            plugin(LINKED, links=("again:001",)), "data"),
    Hostile("a link to a training clip, run", BENCH, "pairs of ids lead to one source", 2,
            plugin(LINKED, links=("again:001",)), "data"),
    Hostile("a fold without test clips", CHECK, "fold 1 has no test clips", 1, plugin(EMPTY), "data"),
    Hostile("a fold without test clips, run", BENCH, "fold 1 has no test clips", 2, plugin(EMPTY), "data"),
    Hostile("classes that are numbers", BENCH, "classes are called '0', '1', '2': a prompt reads them as they are", 0,
            plugin(classes=("0", "1", "2")), "data", after=says_so_in_results),
    Hostile("classes that are codes", CHECK, "classes are called 'class_0', 'class_1', 'class_2'", 0,
            plugin(classes=("class_0", "class_1", "class_2")), "data"),
    Hostile("two words for one thing", CHECK, "'happiness' and 'joy' may be one class", 0,
            plugin(classes=("happiness", "joy", "fear")), "data"),
    Hostile("a clip without frames", BENCH, "1 of 25 clips have no frames below .*clips/gone", 2,
            plugin("train = [*train, Sample('gone', root / 'clips' / 'gone', 0)] if fold == '1' else train"), "data"),
    Hostile("a bad fold beside the one asked for", (*BENCH, "--folds", "1"), "fold 2: 1 clips are in train and in test",
            2, plugin("train = train + test[:1] if fold == '2' else train"), "data"),
]  # fmt: skip

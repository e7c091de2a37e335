"""Public weights and recipes that are asked for and cannot be had: `--weights`, `--pretrained`, `--recipe`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from helpers import public
from hostile import damage
from hostile.aftermath import untouched
from hostile.damage import Harm
from hostile.entry import Hostile, Prepare
from hostile.places import toy_bench
from hostile.weights import READ, P, S, bare, bomb, in_archive, legacy, long_header, module, numbers

Tensors = dict[str, Tensor]
PLUGIN = f"--methods net --plugin {public.__file__}"
FOLD = f"{PLUGIN} --folds 1"
FIT = "does not fit method 'net'"
ESCAPE = "\x1b[31m"
EVERY = 10**13  # elements of a tensor that takes four bytes of a file
OTHER = "second.pth"


def asked(name: str, more: str, says: str, prepare: Prepare = lambda folder: None, code: int = 2) -> Hostile:
    """A bench that has to be refused with nothing written, or planned with a word."""
    return Hostile(name, toy_bench(more), says, code, prepare, "data", after=untouched("data", S, P, OTHER, "x.toml"))


def both(name: str, prepare: Prepare, says: str, file: str = P) -> list[Hostile]:
    """One file, once as what is tested and once as what training starts from."""
    return [
        asked(f"{flag}: {name}", f"{FOLD} --{flag} net={file}", says, prepare) for flag in ("weights", "pretrained")
    ]


def published(change: Callable[[Tensors], object] = lambda state: None, file: str = P) -> Prepare:
    """Write what the authors publish, changed."""

    def prepare(folder: Path) -> None:
        state = public.public_state()
        change(state)
        torch.save({"state_dict": state}, folder / file)

    return prepare


def spoilt(harm: Harm) -> Prepare:
    def prepare(folder: Path) -> None:
        published()(folder)
        harm(folder / P)

    return prepare


def put(name: str, tensor: Callable[[Tensor], Tensor]) -> Prepare:
    """Put something else in the place of one tensor."""
    return published(lambda state: state.update({name: tensor(state[name])}))


def with_line(line: str) -> Prepare:
    def prepare(folder: Path) -> None:
        published()(folder)
        (folder / "x.toml").write_text(line + "\n")

    return prepare


def two_files(folder: Path) -> None:
    published()(folder)
    published(file=OTHER)(folder)


BIAS, NORM = "fc.bias", "trunk.bn1.bias"
FILES = [
    *both("a file that is not there", lambda folder: None, "no such file"),
    *both("a folder", bare(P, damage.folder), "no such file|folder"),
    *both("a pipe", bare(P, damage.pipe), "pipe|no such file"),
    *both("a socket", bare(P, damage.bound_socket), "socket|no such file"),
    *both("a link to an endless device", bare(P, damage.link("/dev/zero")), "device|no such file"),
    *both("links in a circle", bare(P, damage.circle), "no such file|cannot be read"),
    *both("a link that leads nowhere", bare(P, damage.link("gone")), "no such file"),
    *both("a terabyte", bare(P, damage.giant), READ),
    *both("empty", bare(P, damage.content("")), READ),
    *both("empty safetensors", bare(S, damage.content("")), READ, S),
    *both("text", bare(P, damage.content("weights")), READ),
    *both("a pickle", bare(P, damage.content(damage.PICKLED)), "could run code|cannot be read"),
    *both("a pickle in torch's archive", bare(P, in_archive), "could run code"),
    *both("a pickle in torch's old form", bare(P, legacy), "could run code"),
    *both("a whole module", bare(P, module), "could run code"),
    *both("a checkpoint without tensors", bare(P, numbers), "holds no tensors"),
    *both("an archive of something else", bare(P, damage.zipped), READ),
    *both("an archive that unpacks to a gigabyte", bare(P, bomb), "unpacks to"),
    *both("cut short", spoilt(damage.cut), READ),
    *both("a checkpoint called safetensors", published(file=S), READ, S),
    *both("a header longer than the file", bare(S, lambda p: p.write_bytes(bytes(9)) and long_header(p)), READ, S),
]
TENSORS = [
    *both("a key more", published(lambda s: s.update(more=torch.ones(2))), f"{FIT}: unknown keys more"),
    *both("a key that is missing", published(lambda s: s.pop(NORM)), f"{FIT}: missing keys norm.bias"),
    *both("names of another network", published(lambda s: s.update(x=s.pop(NORM))), "unknown keys x; missing keys"),
    *both("another shape", put(NORM, lambda t: torch.zeros(9)), r"other shapes trunk.bn1.bias \(9,\) instead of"),
    *both("a shape of endless size", put(NORM, lambda t: t[:1].expand(EVERY)), "other shapes trunk.bn1.bias"),
    *both("a tensor of no dimension", put(NORM, lambda t: t[0]), r"other shapes trunk.bn1.bias \(\) instead of"),
    *both("NaN", put(NORM, lambda t: t * torch.nan), "numbers that are not finite in trunk.bn1.bias"),
    *both("infinite", put(NORM, lambda t: t + torch.inf), "numbers that are not finite in trunk.bn1.bias"),
    *both("complex numbers", put(NORM, lambda t: t.to(torch.complex64)), "trunk.bn1.bias"),
    *both("a sparse tensor", put(NORM, lambda t: t.to_sparse()), "trunk.bn1.bias"),
    *both("a quantised tensor", put(NORM, lambda t: torch.quantize_per_tensor(t, 0.1, 0, torch.qint8)), "bn1.bias"),
    *both("a tensor without values", put(NORM, lambda t: t.to("meta")), "trunk.bn1.bias"),
    *both("one key by two names", published(lambda s: s.update({"norm.bias": s[NORM]})), "would both become norm.bias"),
    *both("a key of control characters", published(lambda s: s.update({ESCAPE: s[NORM]})), "unknown keys"),
    asked("weights of other classes", f"{FOLD} --weights net={P}", r"other shapes fc.bias \(7,\) instead of \(3,\)",
          put(BIAS, lambda t: torch.zeros(7))),
]  # fmt: skip
WORDS = [
    asked("two files for one method", f"{FOLD} --weights net={P} --weights net={OTHER}", "names a method twice",
          two_files),
    asked("tested and trained on", f"{FOLD} --weights net={P} --pretrained net={OTHER}", "--pretrained has no say",
          two_files),
    asked("a method that publishes none", f"{FOLD} --methods bare --weights bare={P}", "public_keys.*takes none",
          published()),
    asked("a method that is not run", f"{FOLD} --weights bare={P}", "none of those that are run", published()),
    asked("a method of nobody", f"{FOLD} --weights nte={P}", "unknown method 'nte'; did you mean 'net'", published()),
    asked("no method", f"{FOLD} --weights {P}", "METHOD=FILE", published()),
    asked("no file", f"{FOLD} --weights net=", "weights", published()),
    asked("a name of no file", f"{FOLD} --pretrained ={P}", "pretrained", published()),
    asked("a name too long", f"{FOLD} --weights net={'x' * 300}.pth", "too long|no such file"),
    asked("a home of nobody", f"{FOLD} --weights net=~nobody-here/{P}", "no user|no such file"),
    asked("one file for all folds", f"{PLUGIN} --weights net={P}", "trained on one fold", published()),
    asked("a variant's name", f"{FOLD} --weights mine={P}", "unknown method 'mine'", published()),
    asked("a recipe of nobody", f"{FOLD} --recipe shorter", "method 'net' has no recipe 'shorter'; did you mean"),
    asked("an empty recipe", (f"{FOLD} --recipe="), "recipe"),
    asked("a recipe of an option's name", f"{FOLD} --recipe epochs=3", "has no recipe 'epochs=3'"),
    asked("a recipe of another method", f"{FOLD} --methods bare --recipe short", "method 'bare' has no recipe 'short'"),
    asked("a recipe of control characters", f"{FOLD} --recipe {ESCAPE}", "has no recipe"),
    Hostile("a bench file of weights that are text", ("bench", "x.toml", *toy_bench(FOLD)[1:]), "weights", 2,
            with_line("weights = 3"), "data", after=untouched("data", P, "x.toml")),
    Hostile("a bench file of two files", ("bench", "x.toml", *toy_bench(FOLD)[1:]), "weights", 2,
            with_line('[weights]\nnet = ["a", "b"]'), "data", after=untouched("data", P, "x.toml")),
    Hostile("a recipe of a bench file that is none", ("bench", "x.toml", *toy_bench(FOLD)[1:]),
            "has no recipe 'shorter'", 2, with_line('recipe = "shorter"'), "data",
            after=untouched("data", P, "x.toml")),
    Hostile("a recipe over that of the bench file", ("bench", "x.toml", *toy_bench(f"{FOLD} --recipe shorter")[1:]),
            "has no recipe 'shorter'", 2, with_line('recipe = "short"'), "data",
            after=untouched("data", P, "x.toml")),
    Hostile("weights over those of the bench file", ("bench", "x.toml", *toy_bench(f"{FOLD} --weights net=a.pth")[1:]),
            "a.pth: no such file", 2, with_line(f'[weights]\nnet = "{P}"'), "data",
            after=untouched("data", P, "x.toml")),
]  # fmt: skip
ENTRIES = [*FILES, *TENSORS, *WORDS]

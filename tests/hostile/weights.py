"""Files of weights, given or stored, that are not what they have to be."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from helpers.commands import TOY
from hostile import damage
from hostile.damage import Harm
from hostile.entry import Hostile, Prepare, words
from hostile.places import toy_bench

Tensors = dict[str, torch.Tensor]
READ = "cannot be read as tensors"
FIT = "cannot be loaded as tensors of this architecture"


def given(name: str, file: str, prepare: Prepare, says: str, code: int = 2) -> Hostile:
    command = toy_bench(f"--methods zero-shot-clip --folds 1 --backbone tiny:{file}")
    return Hostile(f"given: {name}", command, says, code, prepare, "data", after=nothing_done)


def nothing_done(place: Path) -> str:
    done = [json.loads(path.read_text())["status"] for path in place.glob("runs/*/*/*/result.json")]
    return "a job is done" if "done" in done else damage.no_code(place)


def tower() -> Tensors:
    """Tensors that fit the tiny architecture."""
    import open_clip

    cfg = json.loads(TOY.with_name("tiny.json").read_text())
    cfg.pop("custom_text", None)
    return {name: value.contiguous() for name, value in open_clip.CLIP(**cfg).state_dict().items()}


def tensors(file: str, change: Callable[[Tensors], object] = lambda state: None) -> Prepare:
    """Write the tiny tower's tensors, changed."""

    def prepare(folder: Path) -> None:
        state = tower()
        change(state)
        if file.endswith(".safetensors"):
            save_file(state, folder / file)
        else:
            torch.save(state, folder / file)

    return prepare


def spoilt(file: str, harm: Harm) -> Prepare:
    def prepare(folder: Path) -> None:
        tensors(file)(folder)
        harm(folder / file)

    return prepare


def bare(file: str, harm: Harm) -> Prepare:
    return lambda folder: harm(folder / file)


def set_to(part: str, value: float) -> Callable[[Tensors], object]:
    """Fill every tensor whose name holds a part with one value."""
    return lambda state: [tensor.fill_(value) for name, tensor in state.items() if part in name]


def renamed(state: Tensors) -> None:
    for name in list(state):
        state[f"module.{name}.x"] = state.pop(name)


def wider(state: Tensors) -> None:
    state["text_projection"] = torch.zeros(999, 3)


def header(change: Callable[[dict[str, Any]], object]) -> Harm:
    """Change the header of a safetensors file."""

    def harm(path: Path) -> None:
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        told = json.loads(data[8 : 8 + length])
        change(told)
        text = json.dumps(told).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])

    return harm


def first(told: dict[str, Any]) -> dict[str, Any]:
    return next(value for name, value in told.items() if name != "__metadata__")  # type: ignore[no-any-return]


def long_header(path: Path) -> None:
    path.write_bytes((2**62).to_bytes(8, "little") + path.read_bytes()[8:])


def bomb(path: Path) -> None:
    """An archive of a few kilobytes that claims a gigabyte of tensors."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x/data/0", "w") as file:
        for _ in range(64):
            file.write(bytes(16 * 1024**2))


def in_archive(path: Path) -> None:
    """A checkpoint of torch's whose pickle runs code."""
    whole = io.BytesIO()
    torch.save({"weight": torch.zeros(2), "more": damage.Payload()}, whole)
    path.write_bytes(whole.getvalue())


def numbers(path: Path) -> None:
    torch.save({"epoch": 3, "name": "x"}, path)


def module(path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), path)


def legacy(path: Path) -> None:
    torch.save({"a": damage.Payload()}, path, _use_new_zipfile_serialization=False)


S, P = "w.safetensors", "w.pt"
GIVEN = [
    given("a file that is not there", S, lambda folder: None, "no weights file"),
    given("a folder", S, bare(S, damage.folder), "a folder"),
    given("a pipe", S, bare(S, damage.pipe), "named pipe"),
    given("a pipe for a checkpoint", P, bare(P, damage.pipe), "named pipe"),
    given("a socket", S, bare(S, damage.bound_socket), "a socket"),
    given("a device", S, bare(S, damage.link("/dev/zero")), "a device"),
    given("a random device for a checkpoint", P, bare(P, damage.link("/dev/urandom")), "a device"),
    given("links in a circle", S, bare(S, damage.circle), "no weights file|cannot be read"),
    given("a link that leads nowhere", P, bare(P, damage.link("gone")), "no weights file"),
    given("a terabyte", S, bare(S, damage.giant), READ),
    given("a terabyte of a checkpoint", P, bare(P, damage.giant), READ),
    given("empty", S, bare(S, damage.content("")), READ),
    given("an empty checkpoint", P, bare(P, damage.content("")), READ),
    given("text", S, bare(S, damage.content("weights")), READ),
    given("text for a checkpoint", P, bare(P, damage.content("weights")), READ),
    given("a page of a web server", P, bare(P, damage.content("<!DOCTYPE html><html>404</html>")), READ),
    given("a pickle", P, bare(P, damage.content(damage.PICKLED)), "could run code|cannot be read"),
    given("a pickle called safetensors", S, bare(S, damage.content(damage.PICKLED)), READ),
    given("a pickle in torch's archive", P, bare(P, in_archive), "could run code"),
    given("a pickle in torch's old form", P, bare(P, legacy), "could run code"),
    given("a whole module", P, bare(P, module), "could run code"),
    given("a pickled dictionary of numbers", P, bare(P, damage.content(pickle.dumps({"a": 1}))), "tensors"),
    given("a checkpoint without tensors", P, bare(P, numbers), "holds no tensors"),
    given("an archive of something else", P, bare(P, damage.zipped), READ),
    given("an archive that unpacks to a gigabyte", P, bare(P, bomb), "unpacks to"),
    given("cut short", S, spoilt(S, damage.cut), READ),
    given("a checkpoint cut short", P, spoilt(P, damage.cut), READ),
    given("cut by one byte", S, spoilt(S, damage.cut_by_one), READ),
    given("with more behind it", S, spoilt(S, damage.longer), READ),
    given("a header longer than the file", S, spoilt(S, long_header), READ),
    given("a header in lists in lists", S, bare(S, lambda p: p.write_bytes(
        len(damage.NESTED).to_bytes(8, "little") + damage.NESTED.encode())), READ),
    given("tensors that end behind the file", S, spoilt(S, header(lambda t: first(t)["data_offsets"].reverse())), READ),
    given("tensors that lie beyond", S, spoilt(S, header(lambda t: first(t).update(data_offsets=[0, 2**50]))), READ),
    given("offsets that are texts", S, spoilt(S, header(lambda t: first(t).update(data_offsets=["a", "b"]))), READ),
    given("no offsets", S, spoilt(S, header(lambda t: first(t).pop("data_offsets"))), READ),
    given("a type that nobody has", S, spoilt(S, header(lambda t: first(t).update(dtype="X9"))), f"{READ}|{FIT}", 1),
    given("another shape than its bytes", S, spoilt(S, header(lambda t: first(t).update(shape=[10**9]))),
          f"{READ}|{FIT}", 1),
    given("no tensor at all", S, lambda folder: save_file({}, folder / S), READ),
    given("names of another network", S, tensors(S, renamed), FIT, 1),
    given("names of another network in a checkpoint", P, tensors(P, renamed), FIT, 1),
    given("a shape of another network", S, tensors(S, wider), FIT, 1),
    given("a tensor that is missing", S, tensors(S, lambda state: state.pop("visual.proj")), FIT, 1),
    given("NaN in the image tower", S, tensors(S, set_to("visual", float("nan"))), "not finite|nan", 1),
    given("NaN in the text tower", S, tensors(S, set_to("token_embedding", float("nan"))), "not finite|nan", 1),
    given("infinite weights", S, tensors(S, set_to("visual.proj", float("inf"))), "not finite|inf|nan", 1),
    given("an infinite temperature", S, tensors(S, set_to("logit_scale", float("inf"))), "not finite|inf|nan", 1),
    given("a suffix of no weights", "w.txt", bare("w.txt", damage.content("x")), "tensors|weights"),
]  # fmt: skip

STORED = "runs/toy/linear/1-*/weights.safetensors"
ANALYSE = (*words("analyze again --runs runs --methods linear --folds 1 --data-root data --plugin"), "again.py")
PLUGIN = """
from pathlib import Path
from harness import AnalysisSpec, hookimpl

def run(runs, folder, options):
    for one in runs:
        print("weights of", one.method)
    (folder / "out.md").write_text("done")
    return [folder / "out.md"]

@hookimpl
def register_analyses():
    return [AnalysisSpec("again", run, summary="Weights come back.")]
"""


def stored(name: str, harm: Harm, says: str = "weights.safetensors") -> Hostile:
    def prepare(folder: Path) -> None:
        shutil.copy(TOY, folder / "toy.py")
        (folder / "again.py").write_text(PLUGIN)
        harm(sorted(folder.glob(STORED))[0])

    command = (*ANALYSE, "--plugin", str(TOY))
    return Hostile(f"stored: {name}", command, says, 2, prepare, "store", after=damage.no_code)


def rewritten(change: Callable[[Tensors], object]) -> Harm:
    def harm(path: Path) -> None:
        state = load_file(path)
        change(state)
        save_file(state, path)

    return harm


def last_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


KEPT = [
    stored("not there", damage.removed, "without --save-weights"),
    stored("cut short", damage.cut),
    stored("cut by one byte", damage.cut_by_one),
    stored("empty", damage.content("")),
    stored("a pickle", damage.content(damage.PICKLED)),
    stored("a pipe", damage.pipe),
    stored("a folder", damage.folder),
    stored("a device", damage.link("/dev/zero")),
    stored("a terabyte", damage.giant),
    stored("links in a circle", damage.circle),
    stored("a link that leads nowhere", damage.link("gone")),
    stored("one bit of one weight", last_bit),
    stored("other names", rewritten(renamed)),
    stored("another shape", rewritten(lambda state: state.update({"head.weight": torch.zeros(3, 3)}))),
    stored("a tensor that is missing", rewritten(lambda state: state.pop("head.bias"))),
    stored("a tensor more", rewritten(lambda state: state.update(more=torch.zeros(2)))),
    stored("weights of NaN", rewritten(set_to("head", float("nan")))),
    stored("a header longer than the file", long_header),
]

ENTRIES = [*GIVEN, *KEPT]

"""Counted costs in the cache that are not those of the method: they are counted again, which is said."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile import damage
from hostile.caches import same
from hostile.damage import Harm, to_all
from hostile.entry import Hostile
from hostile.places import toy_bench

AGAIN = toy_bench("--methods zero-shot-clip --folds 1 --out again")
ENTRY = "cache/costs/*.json"
SAID = r"costs/[^ ]* not used \(.*the cost is counted again"
COUNTED = (
    "gflops",
    "gflops_text",
    "gflops_train",
    "batch",
    "gflops_trained",
    "params_total",
    "params_trainable",
    "params_stored",
)


def as_before(place: Path) -> str:
    """The costs have to be those that were counted before anything was fed."""
    for path in (place / "again").glob("toy/*/*/result.json"):
        now, first = (
            json.loads(p.read_text())["cost"] for p in (path, place / "runs" / path.relative_to(place / "again"))
        )
        wrong = [name for name in COUNTED if now.get(name) != first.get(name)]
        if wrong or now.get("error"):
            return f"other costs than before: {wrong} {now.get('error')}"
    return same(place)


def sealed(change: Callable[[dict[str, Any]], object], method: str = "zero-shot-clip") -> Harm:
    """Feed a count whose checksum is right."""

    def harm(path: Path) -> None:
        data = json.loads(path.read_bytes()[:-12])
        found = change(data)
        content = json.dumps(data if found is None else found).encode()
        about = f"cost of {method}, {path.stem}"
        sum_ = zlib.crc32(about.encode(), zlib.crc32(content))
        path.write_bytes(content + b"\0sealed1" + sum_.to_bytes(4, "little"))

    return harm


def put(name: str, value: object) -> Harm:
    return sealed(lambda data: data.update({name: value}))


def cost(name: str, harm: Harm, says: str = SAID) -> Hostile:
    return Hostile(name, AGAIN, says, 0, to_all(ENTRY, harm), "store", after=as_before)


ENTRIES = [
    cost("one field that is too good", damage.content('{"gflops": 1e-6}')),
    cost("NaN", damage.content('{"gflops": NaN}')),
    cost("empty", damage.content("")),
    cost("cut short", damage.cut),
    cost("a flipped bit", damage.flipped),
    cost("zeros", damage.zeros),
    cost("a list", damage.content("[]")),
    cost("lists in lists", damage.content(damage.NESTED)),
    cost("a pickle", damage.content(damage.PICKLED)),
    cost("a pipe", damage.pipe),
    cost("a folder", damage.folder),
    cost("a device", damage.link("/dev/zero")),
    cost("links in a circle", damage.circle),
    cost("a terabyte", damage.giant),
    cost("sealed: no object", sealed(lambda data: [data])),
    cost("sealed: one field only", sealed(lambda data: {"gflops": data["gflops"]})),
    cost("sealed: a field more", put("war", 1.0)),
    cost("sealed: less than the encoder costs", put("gflops", 1e-6)),
    cost("sealed: nothing at all", put("gflops", 0)),
    cost("sealed: below 0", put("gflops", -1.0)),
    cost("sealed: NaN", put("gflops", float("nan"))),
    cost("sealed: infinite", put("gflops", float("inf"))),
    cost("sealed: a text", put("gflops", "4")),
    cost("sealed: true", put("gflops", True)),
    cost("sealed: a number of 400 digits", put("gflops", 10**399)),
    cost("sealed: text that is NaN", put("gflops_text", float("nan"))),
    cost("sealed: fewer parameters", put("params_total", 3)),
    cost("sealed: parameters as a float", sealed(lambda data: data.update(params_total=float(data["params_total"])))),
    cost("sealed: parameters that are trained", put("params_trainable", 10)),
    cost("sealed: a step without a batch", put("gflops_train", 1.0)),
    cost("sealed: a batch that no stage has", put("batch", 7)),
    cost("sealed: text in another word", put("text", "free")),
    cost("sealed: uncounted operators as a list", put("uncounted", ["x"])),
    cost("sealed: uncounted operators below 0", put("uncounted", {"aten::x": -1})),
    cost("sealed: of another method", sealed(lambda data: None, method="coop")),
]

"""Plant faults in a copy of the harness, one at a time, and count how many the fast tests find.

    pip install cosmic-ray
    python benchmarks/mutations.py --faults 100 --out benchmarks/mutations.json

A fault is a comparison turned round or moved by one, a condition denied, `and` for `or`, a check left out, a number off
by one, a plus for a minus, a loop that is not run. Files and places are drawn at random, the same ones with the same
seed. Each fault meets the tests of its own file first, then those of its room, then all fast tests; with `--near` it is
left at the room's. What lives is printed as a patch: it wants a test, or a reason. `--again FILE` tries those that
lived in a run before, which tests written since may find; one of which the file gives a `reason` is let be.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).parents[1]
WHERE = ("planning", "features", "statistics", "jobs", "results", "leaderboard/audit", "leaderboard/board", "data")
PACKAGES = {"harness": "harness", "harness_plugins": "plugins"}
LEFT_OUT = "check left out"
COMPARISONS = ("Lt_GtE", "Gt_LtE", "LtE_Gt", "GtE_Lt", "Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is")
BOUNDARIES = ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")
OPERATORS = (
    LEFT_OUT,
    *(f"core/ReplaceComparisonOperator_{name}" for name in (*COMPARISONS, *BOUNDARIES)),
    *(f"core/ReplaceBinaryOperator_{name}" for name in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul")),
    *(
        "core/AddNot",
        "core/ReplaceAndWithOr",
        "core/ReplaceOrWithAnd",
        "core/NumberReplacer",
        "core/ZeroIterationForLoop",
    ),
)
MINUTES = 15  # tests that take longer hang, which is a way of finding a fault


@dataclass
class Fault:
    """A planted fault, and which tests found it: those of `file`, `room` or `all`; "" where it lives."""

    file: str
    operator: str
    patch: str
    found_by: str = ""
    seconds: float = 0.0
    reason: str = ""  # why it may live


def main() -> None:
    options = parse()
    rng = random.Random(options.seed)
    found: list[Fault] = []
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy = Path(folder) / "copy"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(copy)], check=True)
        for package, source in PACKAGES.items():  # found before the installed ones
            (copy / ".packages").mkdir(exist_ok=True)
            (copy / ".packages" / package).symlink_to(copy / source)
        faults = drawn(copy, options.where, rng, options.faults)
        for fault, text in again(copy, options.again) if options.again else faults:
            if not fault.found_by and not fault.reason:
                plant(copy, fault, text, options.near)
            found.append(fault)
            lives = f"lives: {fault.reason}" if fault.reason else f"lives\n{fault.patch}"
            word = f"found by the tests of its {fault.found_by}" if fault.found_by else lives
            print(f"{len(found)}: {fault.file}, {fault.operator}: {word} ({fault.seconds} s)", flush=True)
            if options.out:
                options.out.write_text(json.dumps(summary(found, options), indent=1) + "\n")
    raise SystemExit(sum(bool(fault.found_by) for fault in found) < 0.9 * len(found))


def again(copy: Path, file: Path) -> Iterator[tuple[Fault, str]]:
    """Yield the faults of a run before, each with the text of the file that holds it, but for those of other code."""
    for told in json.loads(file.read_text())["each"]:
        fault = Fault(**told)
        source = copy / fault.file
        before = source.read_text()
        command = ["git", "apply", "-p0", "--unidiff-zero", "-"]
        fits = not subprocess.run(command, cwd=copy, input=f"{fault.patch}\n", text=True, check=False).returncode
        text = source.read_text()
        source.write_text(before)
        if fits or fault.found_by or fault.reason:
            yield fault, text


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--where", nargs="*", default=WHERE, help="folders below harness/")
    parser.add_argument("--near", action="store_true", help="only the tests of the file and of its room")
    parser.add_argument("--again", type=Path, metavar="FILE", help="an outcome, of which what lived is tried again")
    parser.add_argument("--out", type=Path, help="where the outcome goes, as JSON")
    return parser.parse_args()


def summary(faults: Sequence[Fault], options: argparse.Namespace) -> dict[str, object]:
    return {
        "seed": options.seed,
        "where": list(options.where),
        "faults": len(faults),
        "found": sum(bool(fault.found_by) for fault in faults),
        "each": [asdict(fault) for fault in faults],
    }


def drawn(copy: Path, where: Sequence[str], rng: random.Random, wanted: int) -> Iterator[tuple[Fault, str]]:
    """Yield faults and the text of the file that holds each, no fault twice."""
    files = sorted(path for folder in where for path in (copy / "harness" / folder).rglob("*.py"))
    lengths = [len(path.read_text().splitlines()) for path in files]
    patches: set[str] = set()
    while len(patches) < wanted:
        (file,) = rng.choices(files, lengths)
        operator, before = rng.choice(OPERATORS), file.read_text()
        texts = [text for text in mutants(before, operator) if text != before and marks(text) == marks(before)]
        if not texts:
            continue
        after, name = rng.choice(texts), str(file.relative_to(copy))
        patch = "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, "", "", 1, ""))
        if patch not in patches:
            patches.add(patch)
            yield Fault(name, operator, patch), after


def marks(text: str) -> int:
    """Return how many parameters are by place alone: a `*` that marks others in a signature is no product."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return -1
    return sum(len(node.posonlyargs) for node in ast.walk(tree) if isinstance(node, ast.arguments))


def mutants(text: str, operator: str) -> list[str]:
    """Return the text with each occurrence of a fault of that kind."""
    if operator == LEFT_OUT:
        return list(without_checks(text))
    found, made = [], get_operator(operator)()
    while (after := mutate_code(text, made, len(found))) is not None:
        found.append(after)
    return found


def without_checks(text: str) -> Iterator[str]:
    """Yield the text without one of its checks: an `if` that does nothing but raise or yield never does so."""
    lines = text.splitlines(keepends=True)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.If) and len(node.body) == 1 and isinstance(node.body[0], ast.Raise):
            head = node.body[0].lineno - 1
            yield "".join([*lines[: node.lineno - 1], indent(lines[node.lineno - 1]), "if False:\n", *lines[head:]])


def indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def plant(copy: Path, fault: Fault, text: str, near: bool) -> None:
    """Put the fault in, run tests until one fails, and take it out again."""
    file, started = copy / fault.file, time.monotonic()
    before = file.read_text()
    for name, paths in stages(copy, fault.file, near):
        if not passes_without_faults(copy, tuple(paths)):
            raise RuntimeError(f"tests fail without a fault: {paths}")
        file.write_text(text)
        passed = passes(copy, paths)
        file.write_text(before)
        if not passed:
            fault.found_by = name
            break
    fault.seconds = round(time.monotonic() - started, 1)


def stages(copy: Path, file: str, near: bool) -> Iterator[tuple[str, list[str]]]:
    room, *_, name = Path(file).parts[1:]
    own = sorted(str(path) for path in (copy / "tests" / room).rglob(f"test_{Path(name).stem}.py"))
    if own:
        yield "file", own
    yield "room", [str(copy / "tests" / room)]
    if not near:
        yield "all", [str(copy / "tests")]


@cache
def passes_without_faults(copy: Path, paths: tuple[str, ...]) -> bool:
    return passes(copy, paths)


def passes(copy: Path, paths: Sequence[str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", *paths]
    env = {**os.environ, "PYTHONPATH": str(copy / ".packages"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=copy, env=env, capture_output=True, timeout=60 * MINUTES, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode in (0, 5)  # 5: no test is there


if __name__ == "__main__":
    main()

"""How the code is written, as far as it can be counted: docstrings in one style, and room between the lines."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from pathlib import Path
from statistics import fmean

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted([*(ROOT / "harness").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")])
CLAUSE = {"what", "whether", "how", "where", "why", "when", "which"}
NOUN = {
    *("a", "an", "the", "every", "each", "all", "one", "some", "everything", "something", "nothing"),
    *("as", "by", "for", "from", "in", "of", "so", "under", "with"),
}
DOES = {"returns", "yields", "says", "sends", "runs", "stands", "keeps", "holds", "reads", "writes", "makes"}
COUNTED = (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
DEFINITIONS = (ast.Module, ast.ClassDef, ast.FunctionDef)


def is_property(node: ast.FunctionDef) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in node.decorator_list)


def wrong_docstrings(source: str) -> list[str]:
    """Functions, but for properties, that are told by a clause or a noun, and classes told by what they do."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or not (text := ast.get_docstring(node)):
            continue
        first = text.split()[0].rstrip(",.:;").lower()
        if isinstance(node, ast.ClassDef):
            found += [node.name] * (first in CLAUSE | DOES)
        elif not is_property(node):
            found += [node.name] * (first in CLAUSE | NOUN)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_functions_start_with_a_verb_and_classes_with_a_noun(file: Path) -> None:
    assert wrong_docstrings(file.read_text(encoding="utf-8")) == []


def test_the_other_style_is_found() -> None:
    function = 'def f():\n    """What it is."""\n'
    member = '    @property\n    def p(self):\n        """The p."""\n'
    source = f'{function}class C:\n    """Says it."""\n{member}'
    assert wrong_docstrings(source) == ["f", "C"]


def tokens_by_line(source: str) -> list[int]:
    """Names, operators, numbers and strings on each line that holds any, docstrings left out."""
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DEFINITIONS) and ast.get_docstring(node) is not None:
            first = node.body[0]
            docstrings.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    lines: Counter[int] = Counter()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in COUNTED and token.start[0] not in docstrings:
            lines[token.start[0]] += 1
    return list(lines.values())


def test_a_line_holds_eight_and_a_half_tokens_at_most_on_average() -> None:
    counts = [count for file in FILES for count in tokens_by_line(file.read_text(encoding="utf-8"))]
    assert fmean(counts) < 8.5


def test_tokens_by_hand() -> None:
    assert tokens_by_line('"""Doc."""\n\nx = 1  # a comment\nf(\n    x,\n)\n') == [3, 2, 2, 1]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_no_comprehension_loops_twice_and_filters(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, COMPREHENSIONS) and len(node.generators) > 1:
            assert not any(generator.ifs for generator in node.generators), f"line {node.lineno}"

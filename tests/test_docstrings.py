"""Docstrings in one style: a function's starts with a verb, a class's with a noun."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted([*(ROOT / "harness").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")])
# How a clause or a noun starts, and a verb does not.
NO_VERB = {
    *(
        "a",
        "an",
        "the",
        "what",
        "whether",
        "how",
        "where",
        "why",
        "when",
        "which",
        "every",
        "each",
        "all",
        "one",
        "some",
    ),
    *("everything", "something", "nothing", "as", "by", "for", "from", "in", "of", "so", "under", "with", "without"),
}
# Verbs that a class would be told by what it does instead of what it is.
NO_NOUN = {
    "returns",
    "return",
    "yields",
    "says",
    "sends",
    "runs",
    "stands",
    "keeps",
    "holds",
    "reads",
    "writes",
    "makes",
}


def is_property(node: ast.FunctionDef) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in node.decorator_list)


def wrong(source: str) -> list[str]:
    """Functions, but for properties, that are told by a clause or a noun, and classes that are told by a verb."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or not (text := ast.get_docstring(node)):
            continue
        first = text.split()[0].rstrip(",.:;").lower()
        if isinstance(node, ast.ClassDef):
            found += [node.name] * (first in NO_NOUN)
        elif not is_property(node):
            found += [node.name] * (first in NO_VERB)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_functions_start_with_a_verb_and_classes_with_a_noun(file: Path) -> None:
    assert wrong(file.read_text(encoding="utf-8")) == []


def test_the_other_style_is_found() -> None:
    function = 'def f():\n    """What it is."""\n'
    member = '    @property\n    def p(self):\n        """The p."""\n'
    source = f'{function}class C:\n    """Says it."""\n{member}'
    assert wrong(source) == ["f", "C"]

"""Workbooks, written with openpyxl."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook


def write_book(file: Path, rows: Sequence[Sequence[Any]]) -> Path:
    """A workbook of one sheet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(file)
    return file

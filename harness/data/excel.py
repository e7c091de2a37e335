"""Read the first sheet of an Excel workbook as lines of text: MAFW and DFEW publish their labels as such."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.core.errors import BadData

SUFFIX = ".xlsx"
UNPACKED = 256_000_000  # bytes; the largest official workbook unpacks to a few million
ROWS, COLUMNS = 200_000, 64  # looked at; a damaged cell may claim to be the millionth


def workbook_lines(file: Path) -> list[tuple[int, str]]:
    """Return row number (from 1) and tab-separated cells of the rows of the first sheet, all of one width.

    Raises: BadData for a file that is no workbook, or one that unpacks to far more than any list of clips.
    """
    try:
        with zipfile.ZipFile(file) as parts:
            if sum(part.file_size for part in parts.infolist()) > UNPACKED:
                raise BadData(f"{file}: unpacks to more than {UNPACKED:,} bytes, which is no list of clips")
        rows = [(n, cells) for n, cells in enumerate(_rows(file), start=1) if cells]
    except BadData:
        raise
    except Exception as error:  # a broken workbook can make its reader fail in any way
        raise BadData(f"{file}: not a workbook that can be read ({error or type(error).__name__})") from error
    width = max((len(cells) for _, cells in rows), default=0)
    return [(n, "\t".join(cells + [""] * (width - len(cells)))) for n, cells in rows]


def _rows(file: Path) -> Iterator[list[str]]:
    """Yield the cells of each row, without the empty ones at its end."""
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions, which do not matter here
        book = load_workbook(file, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what a sheet says of its size may be wrong
            for cells in sheet.iter_rows(
                max_row=ROWS,
                max_col=COLUMNS,
                values_only=True,
            ):
                texts = [_text(cell) for cell in cells]
                while texts and not texts[-1]:
                    texts.pop()
                yield texts
        finally:
            book.close()


def _text(cell: Any) -> str:
    """Return a cell as a list would write it:
    whole numbers without a point, nothing that would end a field or a line.
    """
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else " ".join(str(cell).split())

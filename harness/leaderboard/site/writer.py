"""The files of the site: pages made from templates, and what they load."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.core.errors import HarnessError
from harness.core.version import __version__
from harness.leaderboard.tables.names import dataset_stem

HERE = Path(__file__).parent
ASSETS = ("static", "vendor")
PAGES = ("rows", "runs")  # folders of pages named by 12 hex digits
WHOLE = "leaderboard.json"  # by which a folder is known as a site


class SiteWriter:
    """The folder of a site, and the templates of its pages.

    Attributes:
        out: the folder.
        menu: title and link of each dataset's page.
        footer: what every page ends with.
    """

    def __init__(
        self,
        out: Path,
        menu: Sequence[Mapping[str, str]],
        footer: str,
    ) -> None:
        self.out = out
        self.menu = menu
        self.footer = footer
        self.templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.filters["json"] = in_script

    def clear(self) -> None:
        """Make room: remove the pages of an earlier site, and put what pages load in its place.

        Raises:
            HarnessError: the folder holds pages of something else.
        """
        # Nothing but an older site is written over.
        if (self.out / "index.html").exists() and not (self.out / WHOLE).exists():
            raise HarnessError(f"{self.out} holds pages that are not a leaderboard's; choose another folder")
        for folder in PAGES:
            (self.out / folder).mkdir(parents=True, exist_ok=True)
            _remove(self.out / folder, "[0-9a-f]{12}")
        _remove(self.out, "d-[a-z0-9_-]+")

        for folder in ASSETS:
            _copy(HERE / folder, self.out / folder)
        (self.out / ".nojekyll").write_text("")

    def data(self, whole: Mapping[str, Any]) -> None:
        """Write everything as JSON."""
        (self.out / WHOLE).write_text(json.dumps(whole, allow_nan=False), encoding="utf-8")

    def page(
        self,
        file: str,
        template: str,
        up: str = "",
        **values: Any,
    ) -> None:
        """Write one page. `up` leads from its folder to that of the site."""
        page = self.templates.get_template(template)
        text = page.render(
            up=up,
            file=file,
            menu=self.menu,
            version=__version__,
            footer=self.footer,
            **values,
        )
        (self.out / file).write_bytes(text.encode("utf-8", "replace"))


def _copy(folder: Path, target: Path) -> None:
    """Copy a folder of files, but not who may read and write them: that is as for all that is written here."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            _copy(path, target / path.name)
        else:
            (target / path.name).write_bytes(path.read_bytes())


def page_of(dataset: str, demo: bool) -> str:
    """Return the file of a dataset's page."""
    return f"d-{dataset_stem(dataset, demo)}.html"


def in_script(data: Any) -> Markup:
    """Return JSON that may stand in a script element: no `<`, so that nothing in it can close the element."""
    text = json.dumps(data, allow_nan=False, default=_plain)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _remove(folder: Path, names: str) -> None:
    """Remove the pages that an earlier site left here: a run that is gone, or a frame that is shown no more."""
    for page in folder.glob("*.html"):
        if re.fullmatch(names, page.stem):
            with suppress(FileNotFoundError):
                page.unlink()


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)

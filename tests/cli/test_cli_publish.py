"""The files of the site: complete, linked, escaped, and the same each time."""

from __future__ import annotations

import json
import re
import shlex
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.site import charts
from harness.site.content import command
from harness.site.publish import in_script
from tests.conftest import Invoke
from tests.planted import Planted, TestSet

KINDS = (("cpu", 0.4), ("gpu", 0.7))
BASE = {"ranked": True, "uar_low": 0.1, "uar_high": 0.9, "hardware": ""}
HOSTILE = "</script><script>alert(1)</script>\"'&"


class Links(HTMLParser):
    """Every address that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


@pytest.fixture
def site(invoke: Invoke, tmp_path: Path) -> Path:
    planted = Planted(tmp_path / "runs")
    planted.row(HOSTILE, 0.2, on=TestSet("ferv39k", "1", clips=40), identity={"options": {"prompt": HOSTILE}})
    planted.row("coop", 0.9, on=TestSet("ferv39k", "1", clips=40), seeds=(1, 2))
    answer = invoke("publish", tmp_path / "site", "--runs", planted.root, "--json")
    assert json.loads(answer.out)["pages"] == 1 + 1 + 2 + 3
    return tmp_path / "site"


def test_every_link_leads_to_a_file_of_the_site(site: Path) -> None:
    for page in site.rglob("*.html"):
        links = Links()
        links.feed(page.read_text())
        for link in links.found:
            if not link.startswith(("#", "data:")):
                assert ":" not in link, link
                assert (page.parent / link).is_file(), f"{page}: {link}"


def test_hostile_names_stay_text(site: Path) -> None:
    expected = {"index.html": 5 + 2, "runs": 2}
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert "<script>alert" not in text
        links = Links()
        links.feed(text)
        if page.name in expected:
            assert links.scripts == expected[page.name]


def test_a_run_says_how_to_repeat_it(site: Path) -> None:
    pages = [page.read_text() for page in site.glob("runs/*.html")]
    assert sum("--seeds 2" in page for page in pages) == 1
    assert all("Provenance" in page and "torch" in page for page in pages)


def test_no_image_of_a_face_is_published(site: Path) -> None:
    assert not [path for path in site.rglob("*") if path.suffix in (".jpg", ".png", ".webp", ".jpeg")]
    assert not any("<img" in page.read_text() for page in site.rglob("*.html"))


def test_the_command_parses_as_one(tmp_path: Path) -> None:
    planted, on = Planted(tmp_path), TestSet("ferv39k", "1", clips=20)
    options = {"init": "a b'c", "epochs": 3, "class_specific": True}
    folder = planted.add("coop", "1", 4, on.predict("1", 1, 1), on=on, identity={"options": options})
    words = shlex.split(command(json.loads((folder / "result.json").read_text())))
    assert words[:6] == ["harness", "bench", "--methods", "coop", "--datasets", "ferv39k"]
    assert "coop.init=a b'c" in words
    assert "coop.class_specific=true" in words
    assert "coop.input.frames=16" in words


def test_json_closes_no_script_element() -> None:
    text = str(in_script({"name": "</script><!--\u2028"}))
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == {"name": "</script><!--\u2028"}


def test_the_pareto_front_is_what_nothing_beats() -> None:
    scores = {"cheap": (1, 0.4), "good": (5, 0.7), "worse": (5, 0.6), "dear": (9, 0.7), "best": (9, 0.8)}
    rows = [{**BASE, "name": n, "row": n, "cost.gflops": c, "uar_pooled": u} for n, (c, u) in scores.items()]
    spec = charts.pareto(rows, "cost.gflops")
    assert spec is not None
    assert [v["name"] for v in spec["data"]["values"] if v["front"]] == ["cheap", "good", "best"]


def test_each_hardware_has_a_front_of_its_own() -> None:
    rows = [{**BASE, "name": n, "row": n, "cost.latency_ms": 5.0, "uar_pooled": u, "hardware": n} for n, u in KINDS]
    spec = charts.pareto(rows, "cost.latency_ms")
    assert spec is not None
    assert all(value["front"] for value in spec["data"]["values"])


def test_nothing_but_the_vendored_library_names_an_address(site: Path) -> None:
    for path in [*site.rglob("*.html"), *(site / "static").iterdir()]:
        assert not [u for u in re.findall(r"https?://[^\"' ]+", path.read_text()) if "vega.github.io/schema" not in u]

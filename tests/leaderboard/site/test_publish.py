"""The files of the site: complete, linked, escaped, and the same each time."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shlex
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.core.backbone_spec import BackboneId
from harness.core.errors import HarnessError
from harness.leaderboard import load
from harness.leaderboard.audit import audit
from harness.leaderboard.site import charts, publish
from harness.leaderboard.site.pairs import matrices
from harness.leaderboard.site.repeat import command
from harness.leaderboard.site.writer import SiteWriter, in_script
from harness.plugin import registry
from harness.results.store import Store
from helpers.commands import TOY, Bench, Invoke
from helpers.planted import Planted, TestSet

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
    elsewhere = {"hardware": {"cpu": "CPU @ 2 GHz", "cores": 2}, "packages": {"torch": "2.6.0"}}
    planted.row("coop", 0.9, on=TestSet("ferv39k", "1", clips=40), seeds=(1, 2), provenance=elsewhere)
    answer = invoke("publish", tmp_path / "site", "--runs", planted.root, "--json")
    assert json.loads(answer.out)["pages"] == 1 + 1 + 1 + 2 + 3
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
    expected = {"index.html": 2, "d-ferv39k.html": 5 + 2 + 1, "audit.html": 2}
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert "<script>alert" not in text
        assert not re.search(r"&amp;(lt|gt|amp|#)", text)  # escaped once
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
    words = shlex.split(command(json.loads((folder / "result.json").read_text()), ()))
    assert words[:6] == ["harness", "bench", "--methods", "coop", "--datasets", "ferv39k"]
    assert "coop.init=a b'c" in words
    assert "coop.class_specific=true" in words
    assert "coop.input.frames=16" in words


VARIANT = 'it\'s "END"\nEND, $HOME `id`'
SETTINGS = {"epochs": 0, "learning_rate": 1e-05, "input": {"frames": 3, "augmentation": ["flip"]}}


@pytest.mark.parametrize("variant", ["", VARIANT])
def test_the_command_makes_the_same_job_again(
    toy_bench: Bench, toy_root: Path, invoke: Invoke, tmp_path: Path, variant: str
) -> None:
    """Typed into a shell, for a method and for a variant whose name is no kind word to a shell."""
    flags = {"variant": [{"name": variant, "method": "linear", "set": SETTINGS}], "methods": None}
    (result,) = toy_bench(seeds=[7], **(flags if variant else {"set": {"linear": SETTINGS}}))
    *file, line = command(result, registry.plugins().files).rsplit("\n", 1)
    if variant:
        subprocess.run(["bash", "-euc", file[0]], cwd=tmp_path, check=True)
    assert " --plugin toy.py " in line  # a file that whoever repeats it has to have at hand
    words = [str(TOY) if word == TOY.name else word for word in shlex.split(line)]
    assert words[0] == "harness"
    places = ["--data-root", toy_root, "--out", tmp_path / "again", "--dry-run", "--json"]
    plan = json.loads(invoke(*words[1:], *places).out)
    assert [job["id"] for job in plan["jobs"]] == [result["id"]]


def test_thumbnails_are_shown_only_when_asked_for(
    toy_bench: Bench, toy_root: Path, invoke: Invoke, tmp_path: Path
) -> None:
    (result,) = toy_bench(set={"linear": {"epochs": 0}})
    page = tmp_path / "site" / "runs" / f"{result['id']}.html"
    publish = ("publish", tmp_path / "site", "--runs", tmp_path / "runs")
    answer = invoke(*publish, "--thumbnails", "--data-root", toy_root)
    assert "make sure that the licence of the data allows you to publish faces" in answer.err
    frames = re.findall(r'<img src="data:image/jpeg;base64,([^"]+)" alt="Middle frame of clip (\d+)"', page.read_text())
    assert 0 < len(frames) <= 6
    for data, clip in frames:
        shown = Image.open(io.BytesIO(base64.b64decode(data)))
        assert max(shown.size) <= 72
        whole = Image.open(toy_root / "TOY" / "clips" / clip / "3.jpg").resize(shown.size)
        assert np.abs(np.asarray(shown, float) - np.asarray(whole, float)).mean() < 25
    assert "published with --thumbnails" in page.read_text()
    stale = page.with_stem("0123456789ab")
    stale.write_text(page.read_text())
    assert invoke(*publish).err == ""
    assert "<img" not in page.read_text()
    assert not stale.exists()


def test_thumbnails_come_from_the_data_of_the_results(
    toy_bench: Bench, toy_root: Path, invoke: Invoke, tmp_path: Path
) -> None:
    toy_bench(set={"linear": {"epochs": 0}})
    (toy_root / "TOY" / "clips" / "000" / "1.jpg").unlink()
    answer = invoke("publish", tmp_path / "site", "--runs", tmp_path / "runs", "--thumbnails", "--data-root", toy_root)
    assert "is not the data that some results of toy were made with" in answer.err
    assert not any("<img" in page.read_text() for page in (tmp_path / "site").rglob("*.html"))


def test_what_the_audit_found_is_on_the_site(invoke: Invoke, tmp_path: Path) -> None:
    planted, on = Planted(tmp_path / "runs"), TestSet("ferv39k", "1", clips=60)
    planted.row(HOSTILE, 0.5, on=on, metrics={"war": 0.99, "uar": 0.99})
    planted.row("coop", 0.5, on=on)
    assert invoke("publish", tmp_path / "site", "--runs", planted.root).code == 0
    page = (tmp_path / "site" / "audit.html").read_text()
    assert "scores-differ" in page
    assert "<script>alert" not in page
    liar = re.search(r'href="(rows/\w+\.html)">&lt;/script', page)
    assert liar is not None
    assert "WAR is stored as 0.9900" in (tmp_path / "site" / liar[1]).read_text()
    assert re.search(r"has 2 errors, \d+ warnings", (tmp_path / "site" / "index.html").read_text())


def test_curves_hold_the_scores_that_selection_looked_at(invoke: Invoke, tmp_path: Path) -> None:
    planted, on = Planted(tmp_path / "runs"), TestSet("ferv39k", "1", clips=30)
    for seed, rise in ((1, 0.0), (2, 0.1)):
        logits, seen = on.predict("1", 1, seed), {"val_war": [0.3 + rise, 0.4, 0.5], "val_uar": [0.2, 0.3, 0.4]}
        planted.add("coop", "1", seed, logits, on=on, history=seen)
    planted.row("plain", 0.5, on=on)
    assert invoke("publish", tmp_path / "site", "--runs", planted.root).code == 0
    pages = {("coop" in text): text for text in (page.read_text() for page in (tmp_path / "site").glob("rows/*.html"))}
    assert "Scores by epoch" not in pages[False]
    loss, scores = (values_of(pages[True], title) for title in ("Training loss", "Scores by epoch"))
    assert [round(value["mean"], 3) for value in loss] == [1.9, 1.4, 1.2]
    first = next(value for value in scores if (value["curve"], value["epoch"]) == ("val_war", 1))
    assert (first["mean"], first["min"], first["max"]) == pytest.approx((35, 30, 40))


def values_of(page: str, title: str) -> list[dict[str, Any]]:
    """The data of a chart of a page."""
    spec = page.split(title, 1)[1].split('<script type="application/json">', 1)[1].split("</script>")[0]
    values: list[dict[str, Any]] = json.loads(spec)["data"]["values"]
    return values


def test_pairs_are_told_by_sign_and_significance() -> None:
    test = {"difference": 0.05, "low": 0.01, "high": 0.09, "p": 0.001, "p_holm": 0.01}
    war, uar = matrices(
        [{"first": "a", "second": "b", "war": test, "uar": {**test, "p_holm": 0.2}}], {"a": "A", "b": "B"}
    )
    assert [[cell["text"] for cell in line] for line in war["lines"]] == [["", "+5.00*"], ["-5.00*", ""]]
    assert [war["lines"][0][1]["mark"], war["lines"][1][0]["mark"]] == ["better", "worse"]
    assert (war["lines"][1][0]["interval"], war["lines"][1][0]["p"]) == ("-9.00 to -1.00", "p = 0.01")
    assert uar["lines"][0][1] == {"text": "+5.00", "mark": "", "interval": "+1.00 to +9.00", "p": "p = 0.2"}


def test_json_closes_no_script_element() -> None:
    text = str(in_script({"name": "</script><!--\u2028"}))
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == {"name": "</script><!--\u2028"}


def test_the_pareto_front_is_what_nothing_beats() -> None:
    scores = {"cheap": (1, 0.4), "good": (5, 0.7), "worse": (5, 0.6), "dear": (9, 0.7), "best": (9, 0.8)}
    rows = [{**BASE, "name": n, "row": n, "cost.gflops": c, "uar_pooled": u} for n, (c, u) in scores.items()]
    spec = charts.pareto(rows, "cost.gflops", {row["row"]: row["name"] for row in rows})
    assert spec is not None
    assert [v["name"] for v in spec["data"]["values"] if v["front"]] == ["cheap", "good", "best"]


def test_each_hardware_has_a_front_of_its_own() -> None:
    rows = [{**BASE, "name": n, "row": n, "cost.latency_ms": 5.0, "uar_pooled": u, "hardware": n} for n, u in KINDS]
    spec = charts.pareto(rows, "cost.latency_ms", {row["row"]: row["name"] for row in rows})
    assert spec is not None
    assert all(value["front"] for value in spec["data"]["values"])


def test_nothing_but_the_vendored_library_names_an_address(site: Path) -> None:
    for path in [*site.rglob("*.html"), *(site / "static").iterdir()]:
        assert not [u for u in re.findall(r"https?://[^\"' ]+", path.read_text()) if "vega.github.io/schema" not in u]


def test_rows_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """By settings, then backbone and hash: in charts, tests, recalls, headings and titles."""
    planted, on = Planted(tmp_path / "runs"), TestSet("ferv39k", "1", clips=30)
    large = BackboneId("ViT-L-14", "openai", "c" * 64)
    for identity in ({}, {"backbone": large}, {"backbone": large, "version": "2"}, {"backbone": large, "version": "3"}):
        planted.row("same", on=on, identity=identity)
    site = published(planted, tmp_path / "site")
    titles = [re.search("<title>(.*) · DFER", path.read_text()) for path in site.rglob("*.html")]
    found = [title[1] for title in titles if title]
    assert len(found) == len(set(found)) == 4 + 4 + 3
    page = (site / "d-ferv39k.html").read_text()
    for name in (
        "version=1 · ViT-B-32 (openai)",
        "version=1 · ViT-L-14 (openai)",
        "same · version=2",
        "same · version=3",
    ):
        assert page.count(name) >= 3


def test_pages_of_datasets_that_are_gone_are_removed(tmp_path: Path) -> None:
    both, one = Planted(tmp_path / "both"), Planted(tmp_path / "one")
    for planted in (both, one):
        planted.row("coop", on=TestSet("ferv39k", "1", clips=30))
    both.row("coop", on=TestSet(clips=30))
    site = published(both, tmp_path / "site")
    assert (site / "d-dfew.html").is_file()
    published(one, tmp_path / "site")
    assert {path.name for path in site.glob("*.html")} == {"index.html", "audit.html", "d-ferv39k.html"}


def test_a_folder_with_other_pages_is_left_alone(tmp_path: Path) -> None:
    planted = Planted(tmp_path / "runs")
    planted.row("coop", on=TestSet("ferv39k", "1", clips=30))
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("mine")
    with pytest.raises(HarnessError, match="not a leaderboard's; choose another folder"):
        published(planted, tmp_path / "site")
    assert (tmp_path / "site/index.html").read_text() == "mine"
    assert len(list((tmp_path / "site").iterdir())) == 1


def test_the_page_one_is_on_is_marked_by_its_address(tmp_path: Path) -> None:
    planted = Planted(tmp_path / "runs")
    for demo in (True, False):
        data = {"fingerprint": ("d" if demo else "f") * 64}
        planted.row("Audit", on=TestSet("ferv39k", "1", clips=30), demo=demo, identity=data)
    site = published(planted, tmp_path / "site")
    for path in site.rglob("*.html"):
        marked = re.findall(r'href="(?:\.\./)?([^"]+)" aria-current="page"', path.read_text())
        assert marked == ([path.name] if path.name.startswith(("d-", "audit")) else [])


def published(planted: Planted, out: Path) -> Path:
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    findings = audit(board, registry.plugins().offers("methods"))
    return publish(board, out, registry.metrics(), [], findings).parent


def test_an_incomplete_row_shows_the_folds_that_it_has(tmp_path: Path) -> None:
    planted, on = Planted(tmp_path / "runs"), TestSet(clips=30)
    planted.row("whole", 0.8, on=on)
    planted.row(HOSTILE, 0.5, on=on, folds="12")
    page = (published(planted, tmp_path / "site") / "d-dfew.html").read_text()
    line = page.split("Folds of incomplete rows", 1)[1].split("<tbody>")[1].split("</tr>")[0]
    assert len(re.findall(r"<td class=\"n\">\d+\.\d\d / \d+\.\d\d</td>", line)) == 2
    assert line.count("–") == 3
    assert "<script>alert" not in page


def test_files_of_the_site_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        SiteWriter(tmp_path / "site", [], "").clear()
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "site").rglob("*") if path.is_file()}
    assert modes == {0o664}

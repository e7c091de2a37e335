"""The published site in a real browser, from files: nothing may be fetched, and no name may become markup."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.leaderboard import load
from harness.leaderboard.audit import audit
from harness.leaderboard.board.published import read_published, verdicts
from harness.leaderboard.site import publish
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-quic"),
)
HOSTILE = "<script>document.title='owned'</script>"
OWNED = "[...document.scripts].filter(s => s.textContent.includes('owned') && !s.type).length"
FIRST_PAGE = 1_500_000  # bytes
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    planted = Planted(folder / "runs")
    for on in (TestSet(clips=60), TestSet("ferv39k", "1", clips=80)):
        for method, skill in {"coop": 0.8, HOSTILE: 0.2, "zero-shot-clip": 1.2}.items():
            planted.row(method, skill, on=on, seeds=(1, 2))
    planted.row("partial", 0.5, on=TestSet(clips=60), folds="12")
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    judged = verdicts(board, read_published(), registry.methods())
    findings = audit(board, registry.plugins().offers("methods"))
    return publish(board, folder / "out", registry.metrics(), judged, findings).parent


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield found
        found.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that records what it should not do."""
    context = browser.new_context(viewport={"width": 1300, "height": 900}, color_scheme="light")
    page = context.new_page()
    page.faults = []
    page.on("console", lambda message: page.faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else page.faults.append(r.url))
    yield page
    assert page.faults == []
    context.close()


def opened(page: Any, path: Path) -> Any:
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]")
    return page


def column(page: Any, number: int) -> list[str]:
    cells = page.locator("table.board").first.locator(f"tbody tr > :nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_headers_sort_by_mouse_and_keyboard_the_best_first(page: Any, site: Path) -> None:
    opened(page, site / "d-dfew.html")
    head = page.locator("table.board").first.locator("thead th").nth(1)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    values = [float(text.split()[0]) for text in column(page, 2) if text != "–"]
    assert values == sorted(values, reverse=True)
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    shown = column(page, 2)
    assert [float(text.split()[0]) for text in shown[:-1]] == values[::-1]
    assert shown[-1] == "–"  # a missing value is last either way
    cheap = page.locator("table.board").first.locator("thead th").nth(7)
    cheap.locator("button").click()
    assert (cheap.inner_text().split()[0], cheap.get_attribute("aria-sort")) == ("GFLOPs", "ascending")


def test_rows_are_filtered(page: Any, site: Path) -> None:
    opened(page, site / "index.html")
    page.fill("#filter", "ZERO-shot")
    visible = [row for row in page.locator("table.board tbody tr").all() if row.is_visible()]
    assert len(visible) == 1
    assert page.locator("#count").inner_text() == "1 of 4 rows"
    page.fill("#filter", "")
    page.check("#ranked")
    assert page.locator("#count").inner_text() == "3 of 4 rows"


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of methods whose specs say what they are."""
    folder = tmp_path_factory.mktemp("described")
    planted = Planted(folder / "runs")
    methods = {"r3d": (0.2, "3D network", 2018), "r21d": (1.0, "3D network", 2020), "adapter": (0.6, "CLIP", 2023)}
    for on in (TestSet(clips=40), TestSet("ferv39k", "1", clips=60)):
        for name, (skill, family, year) in methods.items():
            planted.row(name, skill, on=on, facts={"family": family, "year": year, "modality": ["visual"]})
        planted.row("unsaid", -1.0, on=on)
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    return publish(board, folder / "out", registry.metrics(), []).parent


def lines(page: Any) -> list[str]:
    """The first cell of every line that is seen, headings of groups among them."""
    shown = page.locator("table.board tbody tr > :first-child:visible")
    return [text.split("\n")[0].strip() for text in shown.all_inner_texts()]


def test_rows_are_grouped_and_filtered_by_facts(page: Any, described: Path) -> None:
    opened(page, described / "index.html")
    assert lines(page) == ["3D network", "r21d", "r3d", "CLIP", "adapter", "not said", "unsaid"]
    page.locator("table.board thead tr:last-child th").nth(1).locator("button").click()
    assert lines(page) == ["3D network", "r21d", "r3d", "CLIP", "adapter", "not said", "unsaid"]
    page.select_option("#group", "")
    assert lines(page) == ["r21d", "adapter", "r3d", "unsaid"]
    page.locator("details.facets summary").click()
    page.select_option("select[data-fact=family]", "CLIP")
    assert lines(page) == ["adapter"]
    assert page.locator("#count").inner_text() == "1 of 4 rows"
    page.select_option("#group", "year")
    assert lines(page) == ["2023", "adapter"]


def test_a_phone_shows_method_war_and_uar_first(page: Any, described: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for name, row in (("index.html", 2), ("d-dfew.html", 1)):
        opened(page, described / name)
        heads = page.locator(f"table.board thead tr:nth-child({row}) th")
        seen = [head.inner_text().strip() for head in heads.all()[:3]]
        assert seen == ["Method", "WAR", "UAR"]
        assert heads.nth(2).bounding_box()["x"] + heads.nth(2).bounding_box()["width"] <= 390
        assert page.locator("table.board tbody tr:not(.group) td:nth-child(3)").first.bounding_box()["y"] < 844


def test_ten_columns_are_seen_until_a_reader_asks_for_more(page: Any, described: Path) -> None:
    for name in ("index.html", "d-dfew.html"):
        opened(page, described / name)
        heads = page.locator("table.board thead tr:last-child th:visible")
        assert heads.count() <= 10
        page.check(".toggle")
        assert {"Family", "Venue", "Latency (ms)"} <= {head.strip() for head in heads.all_inner_texts()}


def test_a_point_of_a_chart_leads_to_its_row(page: Any, site: Path) -> None:
    opened(page, site / "d-dfew.html")
    page.wait_for_selector(".vega svg path[aria-roledescription='point']", state="attached")
    page.locator(".vega svg path[aria-roledescription='point']").first.click(force=True)
    page.wait_for_url("**/rows/*.html")
    assert page.locator("h1").inner_text().split("\n")[0].strip()


def test_the_dark_theme_is_the_systems_or_the_readers(browser: Any, site: Path) -> None:
    context = browser.new_context(color_scheme="dark")
    page = opened(context.new_page(), site / "index.html")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.evaluate(background) == "rgb(255, 255, 255)" != dark
    opened(page, site / "index.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    context.close()


@pytest.mark.parametrize("kind", ["index.html", "d-dfew.html", "audit.html", "rows/*.html", "runs/*.html"])
def test_no_page_is_wider_than_a_phone(page: Any, site: Path, kind: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    opened(page, next(site.glob(kind)))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_names_are_text(page: Any, site: Path) -> None:
    first = [site / name for name in ("index.html", "d-dfew.html", "audit.html")]
    for path in (*first, *site.glob("rows/*.html"), next(site.glob("runs/*.html"))):
        opened(page, path)
        assert "owned" not in page.title() or "<script>" in page.title()
        assert (
            page.evaluate("[...document.scripts].filter(s => s.textContent.includes('owned') && !s.type).length") == 0
        )
    assert HOSTILE in opened(page, site / "index.html").inner_text("table.board")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["index.html", "d-dfew.html", "audit.html", "rows/*.html", "runs/*.html"])
def test_axe_finds_nothing_serious(page: Any, site: Path, kind: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.emulate_media(color_scheme=scheme)
    opened(page, next(site.glob(kind)))
    if page.locator(".vega").count():
        page.wait_for_selector(".vega svg")
    found = axe.Axe().run(page, options={"preload": False}).response["violations"]  # it would fetch style sheets
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in serious] == []


def test_the_first_page_is_small(site: Path) -> None:
    loaded = [site / "index.html", *(site / "static").iterdir(), *(site / "vendor").glob("*.js")]
    assert sum(path.stat().st_size for path in loaded) < FIRST_PAGE


def test_a_printed_table_is_whole_and_dark_on_white(page: Any, site: Path) -> None:
    """On A4 landscape, from the dark theme: nothing to the right of the paper, and the text of charts readable."""
    page.set_viewport_size({"width": 1047, "height": 720})  # 277 mm, what the margins leave
    opened(page, site / "d-dfew.html")
    page.locator("#theme").click()
    page.wait_for_selector(".vega svg text")
    page.emulate_media(media="print")
    wide = "[...document.querySelectorAll('table.board, .vega svg')].map(e => e.getBoundingClientRect().right)"
    assert max(page.evaluate(wide)) <= 1047
    fill = "getComputedStyle(document.querySelector('.vega svg text')).fill"
    assert page.evaluate(fill) == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("main > section > details").filter(has_text="Protocol").first.locator("dl").is_visible()


def test_a_chart_tells_what_it_shows_to_those_who_cannot_see_it(page: Any, site: Path) -> None:
    opened(page, site / "d-dfew.html")
    page.wait_for_selector(".vega svg")
    told = page.locator(".vega").first.get_attribute("aria-label")
    assert told == "UAR against GFLOPs, with the Pareto front; the data follow as a table"


def test_the_filter_holds_for_the_recalls_too(page: Any, site: Path) -> None:
    opened(page, site / "d-dfew.html")
    page.fill("#filter", "vit-b-32 coop")
    assert page.locator("table.heat tbody tr:visible").count() == 1
    page.fill("#filter", "")
    page.check("#ranked")
    assert page.locator("table.heat tbody tr:visible").count() == page.locator("table.board tbody tr:visible").count()


def test_focus_does_not_hide_behind_the_fixed_column(page: Any, site: Path) -> None:
    opened(page, site / "d-dfew.html")
    page.check(".toggle")
    page.locator("table.board thead button").last.focus()
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
    box = page.evaluate("(({left, right}) => [left, right])(document.activeElement.getBoundingClientRect())")
    fixed = page.evaluate("document.querySelector('thead .stick').getBoundingClientRect().right")
    assert box[1] > fixed
    assert box[0] >= fixed - 1


def test_any_pair_is_told_in_words(page: Any, described: Path) -> None:
    opened(page, described / "d-dfew.html")
    answer = page.locator(".pair-chooser .answer")
    assert answer.inner_text().startswith("WAR: +")
    before = answer.inner_text().split(" points")[0].removeprefix("WAR: +")
    page.select_option(".pair-chooser .first", label="adapter")
    page.select_option(".pair-chooser .second", label="r21d")
    assert answer.inner_text().startswith(f"WAR: −{before} points, 95 % interval ")
    assert "p = " in answer.inner_text()
    page.select_option(".pair-chooser .second", label="adapter")
    assert answer.inner_text() == "Choose two different rows."


def test_the_matrix_shows_interval_and_p_without_a_mouse(page: Any, described: Path) -> None:
    opened(page, described / "d-dfew.html")
    cell = page.locator("table.matrix tbody tr").first.locator("td").nth(1)
    first, interval, p = cell.inner_text().split("\n")[:3]
    assert first.startswith("+")
    assert " to " in interval
    assert p.startswith("p ")
    heads = page.locator("table.matrix").first.locator("thead th").all_inner_texts()
    assert [head.strip() for head in heads] == ["WAR", "1", "2", "3", "4"]


def test_names_in_charts_do_not_lie_over_each_other(page: Any, described: Path) -> None:
    for width in (390, 1300):
        page.set_viewport_size({"width": width, "height": 844})
        opened(page, described / "d-dfew.html")
        page.wait_for_selector(".vega svg .role-mark text")
        over = """[...document.querySelectorAll(".vega svg")].map((svg) => {
          const boxes = [...svg.querySelectorAll(".role-mark text")].map((text) => text.getBoundingClientRect());
          return boxes.some((a, i) => boxes.slice(i + 1).some((b) =>
            a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
        })"""
        found = page.evaluate(over)
        assert found
        assert not any(found)

"""The exports for other programs, read by those programs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from harness.core.errors import HarnessError
from harness.leaderboard import Papers, render
from harness.leaderboard.board.published import read_published
from harness.leaderboard.tables.latex import latex
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet

ROOT = Path(__file__).parents[3]
HOSTILE = r"<script>alert(1)</script> & 50% \end{tabular} #1_a^b~{}"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    planted = Planted(folder / "runs")
    for on in (TestSet(clips=40), TestSet("ferv39k", "1", clips=60, films=12)):
        planted.row("coop", 0.9, on=on, seeds=(1, 2))
        planted.row(HOSTILE, 0.2, on=on)
    planted.row("partial", 0.5, on=TestSet(clips=40), folds="12")
    papers = Papers(read_published(), registry.methods())
    render(Store(planted.root), folder / "out", registry.datasets(), registry.metrics(), papers)
    return folder / "out"


def test_the_document_follows_its_schema(out: Path) -> None:
    schema = json.loads((ROOT / "docs/leaderboard.schema.json").read_text())
    data = json.loads((out / "leaderboard.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data, schema)
    assert [table["dataset"] for table in data["tables"]] == ["dfew", "ferv39k"]
    assert [table["clustered"] for table in data["tables"]] == [False, True]
    assert data["tables"][0]["pairs"][0]["war"]["p_holm"] < 0.05
    assert {item["verdict"] for item in data["published"]} == {"not comparable"}
    data["tables"][0]["rows"][0]["rank"] = "first"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema)


def test_one_row_a_result(out: Path) -> None:
    frame = pd.read_parquet(out / "results.parquet")
    assert len(frame) == 5 * 2 + 5 + 2 + 1 + 2
    assert {"dataset", "method", "fold", "seed", "metric.war", "cost.gflops", "protocol_hash"} <= set(frame.columns)
    assert frame["metric.war"].between(0, 1).all()
    assert HOSTILE in set(frame["method"])


def test_a_spreadsheet_reads_names_as_text_and_each_row_as_a_line(tmp_path: Path) -> None:
    on = TestSet("ferv39k", "1", clips=40)
    planted = Planted(tmp_path / "runs")
    for name in ("a\rb", "\n=1+1", "=cmd|' /c calc'!A1", "plain"):
        planted.row(name, 0.5, on=on)
    folder = planted.add("named", "1", 1, on.predict("1", 0.5, 1), on=on)
    result = json.loads((folder / "result.json").read_text())
    result["metrics"]["=1+1"] = 0.5
    (folder / "result.json").write_text(json.dumps(result))
    render(Store(planted.root), tmp_path / "out", registry.datasets(), registry.metrics())
    for name in ("ferv39k.csv", "overview.csv"):
        frame = pd.read_csv(tmp_path / "out" / name)
        assert len(frame) == 5
        assert {"a\nb", "'\n=1+1", "'=cmd|' /c calc'!A1"} <= set(frame["method"])
        assert not [column for column in frame if column.startswith("=")]


def test_one_result_that_claims_to_be_the_demo_takes_no_other_with_it(tmp_path: Path) -> None:
    on = TestSet("ferv39k", "1", clips=40)
    planted = Planted(tmp_path / "runs")
    planted.row("real", 0.5, on=on)
    planted.row("demo", 0.5, on=on, demo=True)
    render(Store(planted.root), tmp_path / "out", registry.datasets(), registry.metrics())
    real, demo = (pd.read_csv(tmp_path / "out" / f"ferv39k{tail}.csv")["method"].tolist() for tail in ("", "-demo"))
    assert (real, demo) == (["real"], ["demo"])


def test_latex_balances_whatever_a_method_is_called(out: Path) -> None:
    for path in out.glob("*.tex"):
        text = path.read_text()
        assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == text.count(r"\toprule")
        for block in re.findall(r"\\midrule\n(.*?)\\bottomrule", text, re.DOTALL):
            assert len({len(re.findall(r"(?<!\\)&", line)) for line in block.splitlines()}) == 1
    assert r"\textbf{" in text
    assert r"\underline{" not in text  # of scores that are tested none is the second best


def compiled(folder: Path, texts: Sequence[str], layout: str) -> str:
    """What LaTeX says to tables on a page of 17.5 cm, the width of two columns of a conference's paper."""
    geometry = r"\usepackage[textwidth=17.5cm]{geometry}\usepackage{booktabs}"
    document = rf"\documentclass[10pt]{{article}}{geometry}\begin{{document}}{layout} %s\end{{document}}"
    (folder / "t.tex").write_text(document % "\n\n".join(texts))
    subprocess.run(["pdflatex", "-halt-on-error", "t.tex"], cwd=folder, check=True, capture_output=True)
    return (folder / "t.log").read_text(errors="replace")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX")
def test_latex_compiles(out: Path, tmp_path: Path) -> None:
    compiled(tmp_path, [path.read_text() for path in sorted(out.glob("*.tex"))], r"\tiny")


@pytest.fixture(scope="module")
def field_of_31(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of 31 methods of three families on three datasets."""
    planted = Planted(tmp_path_factory.mktemp("field"))
    for dataset, folds in (("dfew", "12345"), ("ferv39k", "1"), ("mafw", "12345")):
        on = TestSet(dataset, folds, clips=20)
        for number in range(31):
            family = ("3D network", "CLIP", "image network and time")[number % 3]
            planted.row(f"a-method-{number}", number / 31, on=on, facts={"family": family})
    return planted.root


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX")
def test_table_1_fits_the_page(field_of_31: Path, tmp_path: Path) -> None:
    render(Store(field_of_31), tmp_path / "out", registry.datasets(), registry.metrics())
    log = compiled(tmp_path, [(tmp_path / "out/overview.tex").read_text()], r"\noindent")
    assert "Overfull \\hbox" not in log


def test_latex_groups_rows_and_heads(field_of_31: Path, tmp_path: Path) -> None:
    render(Store(field_of_31), tmp_path, registry.datasets(), registry.metrics())
    text = (tmp_path / "overview.tex").read_text()
    head = text.split("\\toprule\n")[1].splitlines()[:4]
    assert head[0].count(r"\multicolumn{2}{c}{") == 3
    assert head[1] == r"\cmidrule(lr){4-5}\cmidrule(lr){6-7}\cmidrule(lr){8-9}"
    assert head[2] == r"Method & GFLOPs & Params (M) & WAR & UAR & WAR & UAR & WAR & UAR \\"
    groups = re.findall(r"\\multicolumn\{9\}\{l\}\{\\textit\{(.*?)\}\}", text)
    assert sorted(groups) == ["3D network", "CLIP", "image network and time"]
    assert text.count(r"\midrule") == 3
    assert len(re.findall(r"^a-method-\d+ & ", text, re.MULTILINE)) == 31


def test_more_columns_come_when_they_are_asked_for(field_of_31: Path, tmp_path: Path) -> None:
    given = Store(field_of_31), tmp_path, registry.datasets(), registry.metrics()
    render(*given, columns=["backbone", "rank-uar"])
    head = (tmp_path / "dfew.tex").read_text().split("\\toprule\n")[1].splitlines()[0]
    assert head == r"\# UAR & Method & Backbone & GFLOPs & Params (M) & WAR & UAR \\"
    with pytest.raises(HarnessError, match=r"--columns backbon: no such column; did you mean 'backbone'"):
        render(*given, columns=["backbon"])


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a_b & 5% \\x ~^", r"a\_b \& 5\% \textbackslash{}x \textasciitilde{}\textasciicircum{}"),
        ("[x] * **", "{[}x] {*} {*}{*}"),
        ("a--b ``c''", "a-{}-b `{}`c'{}'"),
        ("A³lign, é, α, Ñ, č", r"A$^3$lign, \'{e}, $\alpha$, \~{N}, \v{c}"),
        ("\N{CJK UNIFIED IDEOGRAPH-6587}\N{GRINNING FACE}\u202e", "U+6587U+1F600"),
    ],
)
def test_latex_escapes(text: str, escaped: str) -> None:
    assert latex(text) == escaped
    assert escaped.isascii()


def test_latex_says_what_markdown_says(out: Path, tmp_path: Path) -> None:
    """Every cell of the first Markdown table, told by its title, is in the LaTeX row of the same method."""
    render(Store(out.parent / "runs"), tmp_path, registry.datasets(), registry.metrics(), columns=["all"])
    for stem in ("dfew", "overview"):
        lines = [
            line.strip("| ").split("|") for line in (out / f"{stem}.md").read_text().splitlines() if line[:1] == "|"
        ]
        head = [latex(title.strip().replace("\\", "")) for title in lines[0]]
        alone = [re.sub("^(DFEW|FERV39k) ", "", title) for title in head]  # the dataset stands above its columns
        text = (tmp_path / f"{stem}.tex").read_text()
        assert " & ".join(alone).replace("\\&\\#35;", r"\#") in text
        plain = [cell.strip().strip("*") for cell in lines[2]]
        row = next(line for line in text.splitlines() if line.count("&") >= len(head) - 1 and "coop" in line)
        small = re.sub(r"\{\\tiny\$\\pm\$(.*?)\}", r" $\\pm$ \1", row)
        small = re.sub(r"\\(textbf|underline)\{([\d.]+)\} ", r"\2 ", small)
        cells = [
            re.sub(r"\\(textbf|underline)\{(.*)\}$", r"\2", cell.removesuffix(r"\\").strip())
            for cell in small.split(" & ")
        ]
        shown = [re.sub(r"</?(u|sup)>", "", cell).replace("\\", "") for cell in plain]
        assert [latex(cell) for cell in shown] == cells


def test_latex_names_what_is_incomplete(out: Path) -> None:
    text = (out / "dfew.tex").read_text()
    assert "partial$^{1}$" in text
    assert r"\par\noindent $^{1}$ incomplete, not ranked: no fold 3 seed 1" in text
    assert "ddof 1" in text

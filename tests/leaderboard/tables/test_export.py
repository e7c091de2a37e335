"""The exports for other programs, read by those programs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

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


def test_the_model_index_is_hugging_faces(out: Path) -> None:
    cards = pytest.importorskip("huggingface_hub.repocard_data")
    data = json.loads((out / "model-index.json").read_text())
    for model in data["model-index"]:
        _, results = cards.model_index_to_eval_results([model])
        assert {result.metric_type for result in results} == {"accuracy", "recall"}
        assert all(0 <= result.metric_value <= 100 for result in results)


def test_latex_balances_whatever_a_method_is_called(out: Path) -> None:
    for path in out.glob("*.tex"):
        text = path.read_text()
        assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == text.count(r"\toprule")
        for block in re.findall(r"\\midrule\n(.*?)\\bottomrule", text, re.DOTALL):
            assert len({len(re.findall(r"(?<!\\)&", line)) for line in block.splitlines()}) == 1
    assert r"\textbf{" in text
    assert r"\underline{" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX")
def test_latex_compiles(out: Path, tmp_path: Path) -> None:
    body = "\n".join(path.read_text() for path in sorted(out.glob("*.tex")))
    document = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}\tiny {body}\end{{document}}"
    (tmp_path / "t.tex").write_text(document)
    subprocess.run(["pdflatex", "-halt-on-error", "t.tex"], cwd=tmp_path, check=True, capture_output=True)


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


def test_latex_says_what_markdown_says(out: Path) -> None:
    """Every cell of the first Markdown table, told by its title, is in the LaTeX row of the same method."""
    for stem in ("dfew", "overview"):
        lines = [
            line.strip("| ").split("|") for line in (out / f"{stem}.md").read_text().splitlines() if line[:1] == "|"
        ]
        head = [latex(title.strip().replace("\\", "")) for title in lines[0]]
        text = (out / f"{stem}.tex").read_text()
        assert " & ".join(head).replace("\\&\\#35;", r"\#") in text
        plain = [cell.strip().strip("*") for cell in lines[2]]
        row = next(line for line in text.splitlines() if line.count("&") >= len(head) - 1 and "coop" in line)
        cells = [
            re.sub(r"\\(textbf|underline)\{(.*)\}$", r"\2", cell.removesuffix(r"\\").strip())
            for cell in row.split(" & ")
        ]
        shown = [re.sub(r"</?(u|sup)>", "", cell).replace("\\", "") for cell in plain]
        assert [latex(cell) for cell in shown] == cells


def test_latex_names_what_is_incomplete(out: Path) -> None:
    text = (out / "dfew.tex").read_text()
    assert "partial$^{1}$" in text
    assert r"\par\noindent $^{1}$ incomplete, not ranked: no fold 3 seed 1" in text
    assert "ddof 1" in text

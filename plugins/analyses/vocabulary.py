"""The vocabulary words nearest to learned tokens (Table 6 of the A3lign-DFER paper)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness import AnalysisSpec, HarnessError, hookimpl, option

if TYPE_CHECKING:
    from torch import Tensor

    from harness.analysis import Run

END_OF_WORD = "</w>"


@dataclass(frozen=True)
class Options:
    """Options of `vocabulary`."""

    top: int = option(12, "words per class", minimum=1)
    whole_words: bool = option(True, "leave out special tokens, pieces of words, and what is not made of letters")
    metric: Literal["cosine", "euclidean"] = option("cosine", "what is near")


def vocabulary(
    runs: Sequence[Run],
    folder: Path,
    options: Options,
) -> list[Path]:
    """Write the nearest words of each class of each run, as a table and as parquet."""
    import pandas as pd
    from tabulate import tabulate

    from harness.analysis import markdown

    rows = [row for run in runs for row in nearest(run, options)]
    frame = pd.DataFrame(rows)
    frame.to_parquet(folder / "vocabulary.parquet")
    body = [
        [markdown(label), markdown(name), ", ".join(map(markdown, part.sort_values("rank")["word"]))]
        for (label, name), part in frame.groupby(["run", "class"], sort=False)
    ]
    table = tabulate(
        body,
        ["Run", "Class", "Nearest words"],
        tablefmt="github",
        disable_numparse=True,
    )
    (folder / "vocabulary.md").write_text(table + "\n", encoding="utf-8")
    return [folder / "vocabulary.md", folder / "vocabulary.parquet"]


def nearest(run: Run, options: Options) -> Iterator[dict[str, Any]]:
    """Yield the `top` words of each class, each with the learned token it is nearest to."""
    import torch

    words = spelt(run.backbone.tokenize, options)
    ids = torch.tensor(list(words))
    table = run.backbone.text_tower.token_embedding.weight.detach().cpu()[ids]  # (V, W)
    tokens = run.method.get_parameter("mat.tokens").detach().cpu()  # (C, S, N, W)
    for name, own in zip(run.job.protocol.classes, tokens, strict=True):
        closeness, token = similarity(own.flatten(0, 1), table, options.metric).max(dim=0)  # (V,)
        for rank, place in enumerate(closeness.topk(min(options.top, len(ids))).indices.tolist(), 1):
            sentence, number = divmod(int(token[place]), own.shape[1])
            yield {
                "run": run.job.label, "class": name, "rank": rank, "word": words[int(ids[place])],
                "similarity": float(closeness[place]), "sentence": sentence, "token": number,
            }  # fmt: skip


def similarity(
    tokens: Tensor,
    table: Tensor,
    metric: str,
) -> Tensor:
    """Return how near each token (S*N, W) is to each word (V, W): cosine, or the distance with its sign changed."""
    import torch
    from torch.nn import functional as F

    if metric == "euclidean":
        return -torch.cdist(tokens, table)
    return F.normalize(tokens, dim=-1) @ F.normalize(table, dim=-1).T


def spelt(tokenizer: Any, options: Options) -> dict[int, str]:
    """Return token id -> word, by the tokenizer's own decoder. Raises: HarnessError if it is not CLIP's."""
    decoder = getattr(tokenizer, "decoder", None)
    if not isinstance(decoder, dict):
        raise HarnessError("the backbone's tokenizer is not CLIP's: its words cannot be named")
    special = set(getattr(tokenizer, "all_special_ids", ()))
    found = {}
    for number, piece in decoder.items():
        word = tokenizer.decode([number]).strip()
        whole = piece.endswith(END_OF_WORD) and word.isascii() and word.isalpha()
        if not options.whole_words or (whole and number not in special):
            found[number] = word
    return found


@hookimpl
def register_analyses() -> list[AnalysisSpec]:
    """Offer Table 6."""
    return [
        AnalysisSpec(
            "vocabulary",
            vocabulary,
            Options,
            methods=("a3lign",),
            summary="The vocabulary words nearest to the learned tokens of each class.",
            paper="A3lign-DFER paper, Table 6",
        )
    ]

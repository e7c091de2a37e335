"""Whether a row ran on the weights of a CLIP that a paper used: known by tag or by SHA-256, not by spelling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.core.backbone_spec import QUICK_GELU
from harness.core.text import one_line

# Files that OpenAI published, by SHA-256; their addresses in open_clip name it.
OPENAI = {
    "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af": "ViT-B-32",
    "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f": "ViT-B-16",
    "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836": "ViT-L-14",
    "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02": "ViT-L-14-336",
}
OPENAI_TAG = "openai"


def other_backbone(
    backbone: Mapping[str, Any],
    architecture: str,
    weights: str,
) -> str:
    """Return how a backbone is another than a paper states, empty if it is not.

    Args:
        backbone: of a row: its name, weights (a tag or the name of a file) and sha256.
        architecture: that the paper states; empty: none.
        weights: tag of those that the paper used; empty: any.
    """
    name, used, sha256 = (str(backbone.get(key) or "") for key in ("name", "weights", "sha256"))
    published = OPENAI.get(sha256, "")
    own = published or name.removesuffix(QUICK_GELU)
    if architecture and own != architecture.removesuffix(QUICK_GELU):
        return f"backbone {name} where the paper states {architecture}"
    if weights != OPENAI_TAG:
        return "" if used == weights or not weights else f"weights {one_line(used)} where the paper used {weights}"
    if used == OPENAI_TAG:
        return ""  # open_clip knows the activation of its tags
    if not published:
        return f"weights {one_line(used)}, which are not known to be those that OpenAI published"
    return "" if name.endswith(QUICK_GELU) else f"OpenAI's weights with plain GELU: name {own}{QUICK_GELU}"

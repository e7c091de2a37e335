"""The parts that methods are built of: the base class, CLIP's towers, layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy import hand_on

if TYPE_CHECKING:
    from harness.blocks import SelfAttention as SelfAttention
    from harness.method import Method as Method
    from harness.method import Task as Task
    from harness.method import cosine_logits as cosine_logits
    from harness.method import evaluation as evaluation
    from harness.method import own_parameters as own_parameters
    from harness.prompts import TextFeatures as TextFeatures
    from harness.prompts import TextTower as TextTower
    from harness.prompts import encode_in_chunks as encode_in_chunks
    from harness.prompts import word_embeddings as word_embeddings
    from harness.visual import VisualTower as VisualTower

HOMES = {
    "Method": "harness.method",
    "SelfAttention": "harness.blocks",
    "Task": "harness.method",
    "TextFeatures": "harness.prompts",
    "TextTower": "harness.prompts",
    "VisualTower": "harness.visual",
    "cosine_logits": "harness.method",
    "encode_in_chunks": "harness.prompts",
    "evaluation": "harness.method",
    "own_parameters": "harness.method",
    "word_embeddings": "harness.prompts",
}
__all__ = list(HOMES)
__getattr__ = hand_on(__name__, HOMES)

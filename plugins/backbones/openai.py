"""The CLIP models of the papers, with OpenAI's weights (Radford et al., 2021)."""

from __future__ import annotations

from harness import BackboneSpec, hookimpl

NAMES = ("ViT-B-32", "ViT-B-16", "ViT-L-14")


@hookimpl
def register_backbones() -> list[BackboneSpec]:
    """Offer the papers' models. The tag `openai` brings its own activation, quick-GELU:
    the plain one changes every number.
    """
    return [BackboneSpec(name, name, "openai", f"CLIP {name}, OpenAI's weights") for name in NAMES]

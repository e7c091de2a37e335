"""The bundled `demo` backbone: a small CLIP that this project trained on synthetic faces (`train.py`).

For trying and testing only. Every table made with it says so.
"""

from __future__ import annotations

from pathlib import Path

from harness import BackboneSpec, hookimpl

FOLDER = Path(__file__).parent


@hookimpl
def register_backbones() -> list[BackboneSpec]:
    """Offer the demo backbone, whose weights and configuration lie beside this file."""
    return [
        BackboneSpec(
            "demo",
            str(FOLDER / "model.json"),
            str(FOLDER / "weights.safetensors"),
            "a small CLIP trained on synthetic faces, for the demo only",
        )
    ]

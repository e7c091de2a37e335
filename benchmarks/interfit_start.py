"""How near BiEhPro's frame features are to plain CLIP's before training: their cosine, on clips of the demo's faces.

    python benchmarks/interfit_start.py --backbone ViT-B-32

The interaction token takes softmax weight in every layer, so that neither start can be at exactly 1.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from torch.nn import functional as F

from harness import FrameInput, Task
from harness.demo.film import Performance, film
from harness.models import backbone as backbones
from harness.models import weights
from harness.models.backbone import Backbone
from harness.plugin import registry
from harness.video.load import normalise
from harness_plugins.methods.biehpro import Options
from harness_plugins.methods.biehpro.model import BiEhPro

FRAMES = 8
SHOWN = ("happiness", "sadness", "anger", "surprise")


def clips(backbone: Backbone) -> torch.Tensor:
    """A clip of each class, (4, T, 3, S, S), frames at the middles of equal segments."""
    size = (backbone.image_size, backbone.image_size)
    found = []
    for number, shown in enumerate(SHOWN):
        frames = film(Performance(shown, f"actor {number}", f"start {number}"))
        picked = [frames[(2 * i + 1) * len(frames) // (2 * FRAMES)].resize(size) for i in range(FRAMES)]
        found.append(np.stack([np.asarray(frame.convert("RGB")) for frame in picked]))
    pixels = torch.from_numpy(np.stack(found)).permute(0, 1, 4, 2, 3)
    return normalise(pixels, backbone.source.mean, backbone.source.std, "clip")


@torch.no_grad()
def cosine(backbone: Backbone, frames: torch.Tensor, zero: bool) -> torch.Tensor:
    """Cosine of every frame's features with and without the interaction, (4, T)."""
    task = Task(SHOWN, backbone, FrameInput(frames=FRAMES, size=backbone.image_size))
    model = BiEhPro(task, Options(zero_init_msg=zero, msta=False, biehpro=False)).eval()
    interacting, model.interfit = model.frame_features(frames), None
    return F.cosine_similarity(interacting, model.frame_features(frames), dim=-1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="demo", help="as in `harness bench --backbone`")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    backbone = backbones.load(weights.resolve(given.backbone, registry.backbones()))
    frames = clips(backbone)
    for zero in (False, True):
        found = []
        for seed in range(given.seeds):
            torch.manual_seed(seed)
            found.append(cosine(backbone, frames, zero))
        values = torch.stack(found)
        print(f"zero_init_msg={zero}: cosine {float(values.mean()):.4f}, smallest {float(values.min()):.4f}")


if __name__ == "__main__":
    main()

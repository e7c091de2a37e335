"""Zero-shot CLIP: cosine similarity of the mean frame feature and each class's prompt."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import BadOption, Method, Task
from harness.models import TextFeatures, TextTower, cosine_logits
from harness_plugins.methods.zero_shot_clip import Options


class ZeroShotClip(Method):
    """Section 3.1.4 of the CLIP paper, with frame features averaged before normalisation.

    The A3lign-DFER paper (3.2) averages the features of all frames for its baselines; as in public code of the field
    the raw features are averaged and the mean is normalised once.
    """

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__()
        self.encoder = task.backbone.frame_encoder()
        self.text = TextFeatures(WrittenPrompts(task.backbone.text_tower, task.classes, options.prompts))
        self.scale = task.backbone.logit_scale

    def forward(self, inputs: Tensor) -> Tensor:
        """Map features (B, T, D) to logits (B, C)."""
        return cosine_logits(
            inputs.mean(1),
            self.text(),
            self.scale,
        )


class WrittenPrompts(nn.Module):
    """Features of written prompts, (C, D), unit length: each template normalised, averaged, normalised again."""

    def __init__(
        self,
        tower: TextTower,
        classes: Sequence[str],
        templates: Sequence[str],
    ) -> None:
        super().__init__()
        if not templates:
            raise BadOption("zero-shot-clip.prompts: give at least one prompt, with {} for the class name")
        for template in templates:
            if "{}" not in template:
                raise BadOption(f"zero-shot-clip.prompts: {template!r} has no {{}} for the class name")
        self.tower = tower
        self.texts = [[template.replace("{}", name) for name in classes] for template in templates]

    def forward(self) -> Tensor:
        """Return features (C, D) of the prompts."""
        features = [F.normalize(self.tower.encode_text(texts), dim=-1) for texts in self.texts]  # each (C, D)
        return F.normalize(torch.stack(features).mean(0), dim=-1)

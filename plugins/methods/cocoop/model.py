"""CoCoOp (Zhou et al., CVPR 2022): the learned context is shifted by what a small network sees of the clip."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import BadOption, Method, Schedule, Stage, Task
from harness.models import TextTower, encode_in_chunks, word_embeddings
from harness_plugins.methods.cocoop import Options

INIT_STD = 0.02  # the official code's


class CoCoOp(Method):
    """Eq. 3 and 4 of the CoCoOp paper, conditioned on the mean frame feature of a clip.

    Officially each sample's prompts go through the text tower alone. Here those of all samples and classes do so
    together, in chunks of bounded memory and only as far as they are read.
    """

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__()
        self.options = options
        self.encoder = task.backbone.frame_encoder()
        self.prompts = ConditionalPrompts(
            task.backbone.text_tower,
            task.classes,
            options,
        )
        hidden = max(1, task.backbone.width // options.reduction)
        self.meta_net = nn.Sequential(
            nn.Linear(task.backbone.width, hidden), nn.ReLU(), nn.Linear(hidden, task.backbone.text_width)
        )
        self.scale = task.backbone.logit_scale

    def forward(self, inputs: Tensor) -> Tensor:
        """Map features (B, T, D) to logits (B, C)."""
        video = F.normalize(inputs.mean(1), dim=-1)  # (B, D)
        text: Tensor = self.prompts(self.meta_net(video))  # (B, C, D)
        return self.scale * (text @ video.unsqueeze(-1)).squeeze(-1)

    def stages(self) -> list[Stage]:
        """Return the official recipe: SGD, one epoch at 1e-5, then a cosine whose period counts all epochs."""
        o = self.options
        return [
            Stage(
                name="prompt",
                epochs=o.epochs,
                batch_size=o.batch_size,
                lr={"prompts.context": o.learning_rate, "meta_net": o.learning_rate},
                optimizer="sgd",
                weight_decay=o.weight_decay,
                schedule=Schedule("cosine", warmup_epochs=1, warmup="constant", warmup_lr=1e-5, period="all"),
                accumulate=o.accumulate,
            )
        ]


class ConditionalPrompts(nn.Module):
    """`[SOS] context + shift, class name, period [EOS]` for every clip and class: features (B, C, D), unit length."""

    start: Tensor
    rest: Tensor

    def __init__(
        self,
        tower: TextTower,
        classes: Sequence[str],
        options: Options,
    ) -> None:
        super().__init__()
        self.tower = tower
        self.chunk = options.prompts_at_once
        context = (
            word_embeddings(tower, options.init)
            if options.init
            else torch.randn(options.context_tokens, tower.width) * INIT_STD
        )
        self.context = nn.Parameter(context.clone())  # (M, W)
        count = len(context)
        names = tower.read_out(tower.tokenize([f"{name}." for name in classes])) - 2  # tokens of each name
        room = tower.context_length - 3 - int(names.max())  # beside SOS, period and EOS
        if count > room:
            raise BadOption(f"cocoop.context_tokens: {count} do not fit beside the longest class name; at most {room}")
        ids = tower.tokenize([" ".join(["X"] * count) + f" {name}." for name in classes])
        self.read_out = tower.read_out(ids)  # (C,)
        template = tower.embed(ids[:, : int(self.read_out.max()) + 1]).detach()  # (C, L, W); X keeps the place
        self.register_buffer(
            "start",
            template[:, :1].clone(),
            persistent=False,
        )  # (C, 1, W)
        self.register_buffer(
            "rest",
            template[:, 1 + count :].clone(),
            persistent=False,
        )  # (C, L-1-M, W)

    def embeddings(self, shift: Tensor) -> Tensor:
        """Return the prompts of shifts (B, W) as embeddings (B*C, L, W)."""
        clips, classes = len(shift), len(self.start)
        context = self.context + shift[:, None]  # (B, M, W)
        start, rest = (part.expand(clips, -1, -1, -1) for part in (self.start, self.rest))  # (B, C, ., W)
        learned = context[:, None].expand(
            -1,
            classes,
            -1,
            -1,
        )  # (B, C, M, W)
        return torch.cat([start, learned, rest], dim=2).flatten(0, 1)

    def forward(self, shift: Tensor) -> Tensor:
        """Return features (B, C, D) under shifts (B, W) of the context."""
        embeddings = self.embeddings(shift)
        features = encode_in_chunks(
            self.tower,
            embeddings,
            self.read_out.repeat(len(shift)),
            self.chunk,
        )
        return F.normalize(features, dim=-1).reshape(
            len(shift),
            len(self.start),
            -1,
        )

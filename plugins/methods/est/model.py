"""EST (Liu et al.): snippets of a clip through a transformer with one query, and the order in which they stand."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import BadOption, Schedule, Stage, Task
from harness.models import Batch, NetworkMethod, Outputs, resnet_trunk, scaled
from harness_plugins.methods.est import SNIPPETS, Options
from harness_plugins.methods.est.order import permutations, sinusoids
from harness_plugins.methods.est.snippets import SnippetAttention

WIDTH, FEED_FORWARD, HEADS, LAYERS = 512, 2048, 4, 3
ORDER_WIDTHS = 2048, 512
SCHEDULES = {
    "cosine": Schedule("cosine", warmup_epochs=10, warmup="factor"),
    "plateau": Schedule("plateau", gamma=0.2, patience=5),
}


class Est(NetworkMethod):
    """Frames of seven snippets to the class of the clip, and to the order of its snippets."""

    permutations: Tensor
    positions: Tensor

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        if task.input.frames % SNIPPETS:
            raise BadOption(f"est.input.frames={task.input.frames}: not {SNIPPETS} snippets of as many frames each")
        width = scaled(WIDTH, options.width)
        self.own = options
        self.trunk = resnet_trunk(18, width=options.width)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.snippets = snippet_vectors(width, options)
        self.transformer = transformer(width, options)
        self.query = nn.Parameter(torch.randn(1, width))
        self.order = order_head(SNIPPETS * width, len(permutations()), options.width)
        self.head = class_head(width, len(task.classes), options)
        self.register_buffer("positions", sinusoids(SNIPPETS, width))  # (7, D)
        self.register_buffer("permutations", permutations(), persistent=False)  # (10, 7)

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C), the snippets in their order."""
        return self.classified(self.vectors(inputs))

    def vectors(self, inputs: Tensor) -> Tensor:
        """Return a vector for each snippet, (B, 7, D)."""
        maps = self.trunk(inputs.flatten(0, 1))  # (B T, D, h, w)
        frames = self.pool(maps).flatten(1)  # (B T, D)
        vectors: Tensor = self.snippets(frames.view(len(inputs) * SNIPPETS, -1, frames.shape[1]))
        return vectors.view(len(inputs), SNIPPETS, -1)

    def classified(self, vectors: Tensor, places: Tensor | None = None) -> Outputs:
        """Return logits (B, C) of snippets (B, 7, D).

        Where they do not stand in their order, `places` (B, 7) says which snippet stands in each slot.
        """
        positions = self.positions if places is None else self.positions[places]
        query = self.query.expand(len(vectors), 1, -1)
        clip = self.transformer(vectors + positions, query)[:, 0]  # (B, D)
        return Outputs(self.head(clip), {"features": clip})

    def ordered(self, vectors: Tensor, clip: Tensor) -> Tensor:
        """Return logits (B, 10) of the permutations, of snippets as they stand (B, 7, D) and of the clip (B, D)."""
        joined = vectors.detach() + clip[:, None]  # (B, 7, D)
        logits: Tensor = self.order(joined.flatten(1))
        return logits

    def step(self, batch: Batch) -> Tensor:
        """Return the loss of the class and, of the shuffled snippets, that of their order."""
        vectors = self.vectors(batch.inputs)
        if not self.own.order_weight:
            return self.classification(batch, self.classified(vectors))
        rows = torch.randint(
            len(self.permutations),
            (len(batch),),
            generator=batch.generator,
        ).to(vectors.device)
        return self.loss_of_rows(batch, vectors, rows)

    def loss_of_rows(
        self,
        batch: Batch,
        vectors: Tensor,
        rows: Tensor,
    ) -> Tensor:
        """Return the loss where the snippets of each clip stand as its row (B,) of the table says."""
        places = self.permutations[rows]  # (B, 7)
        shuffled = vectors.gather(1, places[..., None].expand_as(vectors))
        outputs = self.classified(shuffled, places)
        order = F.cross_entropy(self.ordered(shuffled, outputs.extras["features"]), rows)
        return self.classification(batch, outputs) + self.own.order_weight * order

    def stages(self) -> list[Stage]:
        """Return the recipe: a cosine under a warm-up (EST), or a fifth at each plateau (T-ESFL)."""
        (stage,) = super().stages()
        schedule = SCHEDULES.get(self.own.schedule, stage.schedule)
        return [replace(stage, schedule=schedule, drop_last=True)]


class MeanFrames(nn.Module):
    """Mean in the place of the attention within snippets: (N, S, D) to (N, D)."""

    def forward(self, frames: Tensor) -> Tensor:
        """Return the mean over frames."""
        return frames.mean(1)


def snippet_vectors(width: int, options: Options) -> nn.Module:
    """Return what makes one vector of a snippet's frames."""
    if options.emotion_attention:
        return SnippetAttention(width, HEADS, options.dropout)
    return MeanFrames()


def transformer(width: int, options: Options) -> nn.Transformer:
    """Return encoder and decoder, every matrix drawn anew as EST draws it."""
    made = nn.Transformer(
        width,
        HEADS,
        LAYERS,
        LAYERS,
        scaled(FEED_FORWARD, options.width),
        options.dropout,
        batch_first=True,
    )
    for parameter in made.parameters():
        if parameter.ndim > 1:
            nn.init.kaiming_uniform_(parameter)
    return made


def order_head(
    features: int,
    permutations: int,
    width: float,
) -> nn.Sequential:
    """Return the head that tells permutations apart."""
    first, second = (scaled(channels, width) for channels in ORDER_WIDTHS)
    return nn.Sequential(
        nn.Linear(features, first),
        nn.BatchNorm1d(first),
        nn.ReLU(),
        nn.Linear(first, second),
        nn.BatchNorm1d(second),
        nn.ReLU(),
        nn.Linear(second, permutations),
    )


def class_head(
    features: int,
    classes: int,
    options: Options,
) -> nn.Sequential:
    """Return the head that tells classes apart."""
    layers: list[nn.Module] = []
    for hidden in options.hidden:
        size = scaled(hidden, options.width)
        layers += [nn.Linear(features, size), nn.ReLU()]
        features = size
    return nn.Sequential(
        *layers,
        nn.Dropout(options.head_dropout),
        nn.Linear(features, classes),
    )

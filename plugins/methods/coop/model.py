"""CoOp (Zhou et al., IJCV 2022): the words of the prompt around the class name are learned."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import BadOption, Method, Schedule, Stage, Task
from harness.models import TextFeatures, TextTower, cosine_logits, word_embeddings
from harness_plugins.methods.coop import Options

INIT_STD = 0.02  # the official code's


class CoOp(Method):
    """Eq. 3 of the CoOp paper, with frame features averaged before normalisation (A3lign-DFER paper, 3.2)."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__()
        self.options = options
        self.encoder = task.backbone.frame_encoder()
        self.prompts = LearnedPrompts(
            task.backbone.text_tower,
            task.classes,
            options,
        )
        self.text = TextFeatures(self.prompts)
        self.scale = task.backbone.logit_scale

    def forward(self, inputs: Tensor) -> Tensor:
        """Map features (B, T, D) to logits (B, C)."""
        return cosine_logits(*self.aligned(inputs), self.scale)

    def aligned(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is compared: clips (B, D), and classes (C, D) of unit length."""
        return inputs.mean(1), self.text()

    def stages(self) -> list[Stage]:
        """Return the official recipe: SGD, one epoch at 1e-5, then a cosine whose period counts all epochs."""
        return [
            Stage(
                name="prompt",
                epochs=self.options.epochs,
                batch_size=self.options.batch_size,
                lr={"prompts.context": self.options.learning_rate},
                optimizer="sgd",
                weight_decay=self.options.weight_decay,
                schedule=Schedule("cosine", warmup_epochs=1, warmup="constant", warmup_lr=1e-5, period="all"),
            )
        ]


class LearnedPrompts(nn.Module):
    """`[SOS] context, class name, period [EOS]` as embeddings, encoded: (C, D), unit length.

    With the class name in the middle, half of the context stands before it and half after, the period at the end.
    """

    template: Tensor
    order: Tensor

    def __init__(
        self,
        tower: TextTower,
        classes: Sequence[str],
        options: Options,
    ) -> None:
        super().__init__()
        self.tower = tower
        context = initial_context(tower, options)  # (M, W)
        per_class = len(classes) if options.class_specific else 1
        if options.init:
            context = context.expand(per_class, *context.shape).clone()
        else:
            context = torch.randn(per_class, *context.shape) * INIT_STD
        self.context = nn.Parameter(context)  # (1 or C, M, W)
        count = int(context.shape[1])
        names = tower.read_out(tower.tokenize([f"{name}." for name in classes])) - 2  # tokens of each name
        room = tower.context_length - 3 - int(names.max())  # beside SOS, period and EOS
        if count > room:
            raise BadOption(f"coop.context_tokens: {count} do not fit beside the longest class name; at most {room}")
        ids = tower.tokenize([" ".join(["X"] * count) + f" {name}." for name in classes])
        self.read_out = tower.read_out(ids)  # (C,)
        order = token_order(
            count,
            names,
            ids.shape[1],
            options.class_position,
        )
        self.register_buffer(
            "template",
            tower.embed(ids),
            persistent=False,
        )  # (C, L, W); X keeps the context's place
        self.register_buffer("order", order, persistent=False)  # (C, L)

    def forward(self) -> Tensor:
        """Return features (C, D) of the prompts with the context as it is now."""
        context = self.context.expand(
            len(self.template),
            -1,
            -1,
        )  # (C, M, W)
        start, rest = self.template[:, :1], self.template[:, 1 + context.shape[1] :]
        tokens = torch.cat([start, context, rest], dim=1)  # (C, L, W), class name at the end
        index = self.order.unsqueeze(-1).expand(
            -1,
            -1,
            tokens.shape[-1],
        )
        return F.normalize(self.tower(tokens.gather(1, index), self.read_out), dim=-1)


def initial_context(tower: TextTower, options: Options) -> Tensor:
    """Return embeddings (M, W) of the words to start from; only their shape counts when there are none."""
    if not options.init:
        return torch.empty(options.context_tokens, tower.width)
    return word_embeddings(tower, options.init)


def token_order(
    count: int,
    names: Tensor,
    length: int,
    position: str,
) -> Tensor:
    """Return where each token comes from, (C, L), in sequences built with the class name after the context."""
    order = torch.arange(length).repeat(len(names), 1)
    if position == "end":
        return order
    half = count // 2
    for row, name in zip(
        order,
        names.tolist(),
        strict=True,
    ):
        context = list(range(1 + half, 1 + count))
        words = list(range(1 + count, 1 + count + name))
        row[1 + half : 1 + count + name] = torch.tensor(words + context)
    return order

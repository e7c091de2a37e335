"""One CoOp training step: cached features and truncated prompts, against what public code does in the loop.

Both ways train the same context tokens on the same 32 clips x 16 frames with ViT-B/32 of random weights. The naive way
encodes the 512 frames and runs the text tower on all 77 positions.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from harness import FrameInput, Task
from harness.models import backbone, weights
from harness.plugin import registry
from harness.training.optimizer import make_optimizer
from harness_plugins.methods.coop import Options
from harness_plugins.methods.coop.model import CoOp

CLIPS, FRAMES, SIZE = 32, 16, 224
CLASSES = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")


def naive_text(method: CoOp) -> Tensor:
    """All 77 positions, by open_clip's own modules."""
    prompts = method.prompts
    model = BACKBONE.model
    context = prompts.context.expand(len(CLASSES), -1, -1)
    tokens = torch.cat([prompts.template[:, :1], context, prompts.template[:, 1 + context.shape[1] :]], 1)
    x = model.transformer(tokens + model.positional_embedding, attn_mask=model.attn_mask)
    x = model.ln_final(x)[torch.arange(len(x)), prompts.read_out] @ model.text_projection
    return torch.nn.functional.normalize(x, dim=-1)


def step(logits: Callable[[], Tensor], optimizer: torch.optim.Optimizer, labels: Tensor) -> Tensor:
    optimizer.zero_grad(set_to_none=True)
    output = logits()
    torch.nn.functional.cross_entropy(output, labels).backward()
    optimizer.step()
    return output.detach()


def median_seconds(run: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    torch.manual_seed(0)
    task = Task(CLASSES, BACKBONE, FrameInput(frames=FRAMES, size=SIZE))
    method = CoOp(task, Options()).train()
    (stage,) = method.stages()
    optimizer = make_optimizer(method, stage)
    for group in optimizer.param_groups:
        group["lr"] = 0.0  # both ways must see the same weights, so that their logits can be compared
    frames = torch.rand(CLIPS, FRAMES, 3, SIZE, SIZE)
    labels = torch.arange(CLIPS) % len(CLASSES)

    def encode() -> Tensor:
        with torch.no_grad():
            return method.encoder(frames.flatten(0, 1)).unflatten(0, (CLIPS, FRAMES))  # type: ignore[misc, no-any-return]

    def naive() -> Tensor:
        video = torch.nn.functional.normalize(encode().mean(1), dim=-1)
        return method.scale * video @ naive_text(method).T

    features = encode()
    fast = step(lambda: method(features), optimizer, labels)
    slow = step(naive, optimizer, labels)
    ours = median_seconds(lambda: step(lambda: method(features), optimizer, labels), 7)
    theirs = median_seconds(lambda: step(naive, optimizer, labels), 3)
    print(f"threads {torch.get_num_threads()}, {CLIPS} clips x {FRAMES} frames, ViT-B/32, {len(CLASSES)} classes")
    print(f"in the loop {theirs:.3f} s, cached {ours:.3f} s: {theirs / ours:.0f} times faster")
    print(f"largest difference of logits {float((fast - slow).abs().max()):.1e}")


BACKBONE = backbone.load(weights.resolve("ViT-B-32:random", registry.backbones()))

if __name__ == "__main__":
    main()

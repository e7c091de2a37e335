"""One CoCoOp training step: all prompts in one truncated batch, against the official way, one sample at a time.

The official way encodes all 77 positions.

8 clips x 7 classes, ViT-B/32 of random weights. The third way also encodes the 16 frames of every clip in the loop.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from harness import FrameInput, Task
from harness.models import backbone, weights
from harness.plugin import registry
from harness.training.optimizer import make_optimizer
from harness_plugins.methods.cocoop import Options
from harness_plugins.methods.cocoop.model import CoCoOp

CLIPS, FRAMES, SIZE = 8, 16, 224
CLASSES = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
BACKBONE = backbone.load(weights.resolve("ViT-B-32:random", registry.backbones()))


def naive(method: CoCoOp, features: Tensor) -> Tensor:
    """The official forward: every sample's prompts alone through all 77 positions, by open_clip's own modules."""
    model, prompts, rows = BACKBONE.model, method.prompts, []
    ids = BACKBONE.tokenize([" ".join(["X"] * len(prompts.context)) + f" {name}." for name in CLASSES])
    embedding = model.token_embedding(ids)
    for video in F.normalize(features.mean(1), dim=-1):
        context = (prompts.context + method.meta_net(video)).expand(len(CLASSES), -1, -1)
        tokens = torch.cat([embedding[:, :1], context, embedding[:, 1 + len(prompts.context) :]], 1)
        x = model.transformer(tokens + model.positional_embedding, attn_mask=model.attn_mask)
        x = model.ln_final(x)[torch.arange(len(x)), ids.argmax(-1)] @ model.text_projection
        rows.append(method.scale * video @ F.normalize(x, dim=-1).T)
    return torch.stack(rows)


def seconds(run: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    torch.manual_seed(0)
    method = CoCoOp(Task(CLASSES, BACKBONE, FrameInput(frames=FRAMES, size=SIZE)), Options()).train()
    (stage,) = method.stages()
    make_optimizer(method, stage)
    learned = [p for p in method.parameters() if p.requires_grad]
    frames, labels = torch.rand(CLIPS, FRAMES, 3, SIZE, SIZE), torch.arange(CLIPS) % len(CLASSES)

    def encode() -> Tensor:
        with torch.no_grad():
            return BACKBONE.frame_encoder()(frames.flatten(0, 1)).unflatten(0, (CLIPS, FRAMES))  # type: ignore[no-any-return]

    def step(logits: Tensor) -> tuple[Tensor, ...]:
        loss = F.cross_entropy(logits, labels)
        return (loss.detach(), *torch.autograd.grad(loss, learned))

    features = encode()
    pairs = zip(step(method(features)), step(naive(method, features)), strict=True)
    gap = max(float((a - b).abs().max() / b.abs().max().clamp(min=1)) for a, b in pairs)
    ours = seconds(lambda: step(method(features)), 9)
    one_by_one = seconds(lambda: step(naive(method, features)), 3)
    in_the_loop = seconds(lambda: step(naive(method, encode())), 3)
    print(f"threads {torch.get_num_threads()}, {CLIPS} clips x {len(CLASSES)} classes, ViT-B/32")
    print(f"ours {ours:.3f} s; sample by sample on 77 tokens {one_by_one:.3f} s: {one_by_one / ours:.1f} times slower")
    print(f"with {FRAMES} frames a clip encoded in the loop {in_the_loop:.3f} s: {in_the_loop / ours:.1f} times slower")
    print(f"largest difference of loss and gradients {gap:.1e}")


if __name__ == "__main__":
    main()

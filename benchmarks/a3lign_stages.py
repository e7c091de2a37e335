"""Steps of A3lign's stages with ViT-B/32 of random weights, against a stage 1 that encodes all 77 positions.

Stage 1 runs the text tower once a step on all C*S sentences as far as they are read, with and without recomputation in
chunks; stage 2 never runs it.
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
from harness_plugins.methods.a3lign import Options
from harness_plugins.methods.a3lign.model import A3lign

CLIPS, FRAMES, SIZE, SENTENCES, TOKENS, CHUNK = 64, 16, 224, 4, 64, 7
CLASSES = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
BACKBONE = backbone.load(weights.resolve("ViT-B-32:random", registry.backbones()))
FEATURES, LABELS = torch.randn(CLIPS, FRAMES, BACKBONE.width), torch.arange(CLIPS) % len(CLASSES)


def begun(stages: int, **options: int) -> A3lign:
    task = Task(CLASSES, BACKBONE, FrameInput(frames=FRAMES, size=SIZE))
    torch.manual_seed(0)
    method = A3lign(task, Options(sentences=SENTENCES, tokens=TOKENS, **options)).train()
    for stage in method.stages()[:stages]:
        if stage.before:
            stage.before()
        make_optimizer(method, stage)
    return method


def naive_sentences(method: A3lign) -> Tensor:
    """All 77 positions, by open_clip's own modules."""
    model, sentences = BACKBONE.model, method.mat.embeddings()
    read_out = sentences.shape[1] - 1
    padded = F.pad(sentences, (0, 0, 0, 77 - sentences.shape[1]))
    x = model.transformer(padded + model.positional_embedding, attn_mask=model.attn_mask)[:, read_out]
    return (model.ln_final(x) @ model.text_projection).unflatten(0, method.mat.tokens.shape[:2])  # type: ignore[no-any-return]


def step(method: A3lign, text: Callable[[], Tensor]) -> Tensor:
    learned = [p for p in method.parameters() if p.requires_grad]
    encode = method.synchronizer.video if method.synchronizer else method.video_encoder
    video = F.normalize(encode(FEATURES), dim=-1)  # type: ignore[misc]
    loss = method.loss(method.scale * video @ text().T, LABELS)
    torch.autograd.grad(loss, learned)
    return loss.detach()


def seconds(run: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    first, chunked, second, third = begun(1), begun(1, sentences_at_once=CHUNK), begun(3), begun(5)
    print(
        f"threads {torch.get_num_threads()}, {len(CLASSES)} x {SENTENCES} sentences of {TOKENS} tokens, {CLIPS} clips"
    )

    def slow() -> Tensor:
        return F.normalize(first.text_encoder(naive_sentences(first)), dim=-1)  # type: ignore[misc]

    naive = seconds(lambda: step(first, slow), 5)
    for name, method in (("1", first), ("1, in chunks", chunked), ("2", second), ("3", third)):
        step(method, method.text)
        taken = seconds(lambda method=method: step(method, method.text), 5)  # type: ignore[misc]
        print(f"stage {name}: {taken:.3f} s, {taken / naive:.2f} of a stage 1 on 77 positions")
    print(f"longest used length / 77 = {(TOKENS + 3) / 77:.2f}")
    print(f"difference of loss {abs(float(step(first, slow) - step(first, first.text))):.1e}")


if __name__ == "__main__":
    main()

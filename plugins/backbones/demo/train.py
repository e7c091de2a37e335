"""Train the demo's CLIP: `python -m harness_plugins.backbones.demo.train`.

The recipe: synthetic faces, each of its own person and seen under the nuisance of the replicas, captioned
with what the face does, or with the word of its class. Two phases:

1. units: the image tower reads the action units, first of plain frontal faces, then of all others. The
   head is thrown away. Without this phase a contrastive loss stays flat for long.
2. captions: the image tower is locked, and the text tower learns to match its features.

Every number is in `Recipe`, which the weights carry too; `log.csv` is the log of the run that made them.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from open_clip.model import CLIP
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from harness_plugins.backbones.demo.faces import CLASSES, TEMPLATES, Faces, draw_faces
from harness_plugins.backbones.demo.towers import contrast, encode_text, normalised, whiten

HERE = Path(__file__).parent
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """Settings that decide the weights: numbers of faces, steps per phase, batch sizes and learning rates."""

    seed: int = 0
    plain_faces: int = 4_000
    faces: int = 20_000
    held_out: int = 1_000
    position: float = 0.7
    plain_steps: int = 300
    unit_steps: int = 1_800
    unit_batch: int = 64
    unit_rate: float = 3e-3
    text_steps: int = 150
    text_batch: int = 128
    text_rate: float = 2e-3
    weight_decay: float = 0.02
    threads: int = 1


class Log:
    """Rows of the log, printed as they come and written at the end."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.rows: list[dict[str, Any]] = []

    def add(
        self,
        phase: str,
        step: int,
        loss: float,
        held_out: float | None,
    ) -> None:
        """Keep one row. `held_out`: explained variance of the units, or zero-shot accuracy, on new people."""
        seconds = round(time.perf_counter() - self.start, 1)
        row = {
            "phase": phase,
            "step": step,
            "loss": round(loss, 4),
            "held_out": held_out,
            "seconds": seconds,
        }
        self.rows.append(row)
        print(*row.values(), flush=True)

    def write(self, path: Path) -> None:
        """Write the rows as csv."""
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(
                file,
                self.rows[0],
                lineterminator="\n",
            )
            writer.writeheader()
            writer.writerows(self.rows)


class Trainer:
    """Parts that the phases share: the model, the random order of faces, the log."""

    def __init__(
        self,
        model: CLIP,
        recipe: Recipe,
        held_out: Faces,
    ) -> None:
        self.model, self.recipe, self.held_out = model, recipe, held_out
        self.rng, self.log = np.random.default_rng(recipe.seed), Log()

    def minimise(
        self,
        phase: str,
        loss_of: Callable[[Indices], Tensor],
        weights: Iterable[nn.Parameter],
        plan: tuple[int, int, int, float],
        measure: Callable[[], float],
    ) -> None:
        """Take the steps of `plan` (faces, steps, batch, rate) with AdamW, a warm-up and a cosine schedule."""
        faces, steps, batch, rate = plan
        kept = [weight for weight in weights if weight.requires_grad]
        optimizer = torch.optim.AdamW(
            kept,
            lr=rate,
            weight_decay=self.recipe.weight_decay,
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, cosine(steps))
        for step in range(1, steps + 1):
            loss = loss_of(self.rng.choice(faces, batch, replace=False))
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(kept, 1.0)
            optimizer.step()
            schedule.step()
            if step % 50 == 0 or step == steps:
                self.log.add(
                    phase,
                    step,
                    loss.item(),
                    round(measure(), 4),
                )

    def units(
        self,
        phase: str,
        faces: Faces,
        head: nn.Linear,
        steps: int,
    ) -> None:
        """Run phase 1: regress the standardised action units."""
        mean, spread = faces.units.mean(0), faces.units.std(0)
        wanted = torch.from_numpy((faces.units - mean) / spread)
        truth = torch.from_numpy((self.held_out.units - mean) / spread)

        def loss_of(index: Indices) -> Tensor:
            return F.mse_loss(head(self.encode(faces.pixels[index])), wanted[index])

        @torch.no_grad()
        def measure() -> float:
            return float(1 - F.mse_loss(head(self.features(self.held_out)), truth) / truth.var())

        plan = (len(wanted), steps, self.recipe.unit_batch, self.recipe.unit_rate)
        self.minimise(
            phase,
            loss_of,
            [*self.model.visual.parameters(), *head.parameters()],
            plan,
            measure,
        )

    def captions(self, faces: Faces) -> None:
        """Run phase 2: match the locked features of each face with its caption."""
        model, recipe = self.model, self.recipe
        tokens, locked = open_clip.tokenize(faces.captions), self.features(faces)

        def loss_of(index: Indices) -> Tensor:
            return contrast(
                model.logit_scale,
                locked[index],
                encode_text(model, tokens[index]),
                tokens[index],
            )

        weights = [weight for name, weight in model.named_parameters() if not name.startswith("visual.")]
        plan = (len(tokens), recipe.text_steps, recipe.text_batch, recipe.text_rate)
        self.minimise("captions", loss_of, weights, plan, self.zero_shot)

    def encode(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Return picture features (B, D). Half precision and plain attention are fastest on a CPU."""
        with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            features: Tensor = self.model.encode_image(normalised(pixels))
        return features.float()

    @torch.no_grad()
    def features(self, faces: Faces) -> Tensor:
        """Return the features of all faces (N, D)."""
        return torch.cat([self.encode(part) for part in np.array_split(faces.pixels, len(faces.pixels) // 200)])

    @torch.no_grad()
    def zero_shot(self) -> float:
        """Return the accuracy of the first template on the held-out faces that show a class."""
        text = encode_text(self.model, open_clip.tokenize([TEMPLATES[0].format(name) for name in CLASSES]))
        faces = F.normalize(self.features(self.held_out), dim=-1)
        guess = (faces @ F.normalize(text, dim=-1).T).argmax(1).numpy()
        shows = self.held_out.classes
        return float((guess == shows)[shows >= 0].mean())


def cosine(steps: int, warm_up: int = 40) -> Callable[[int], float]:
    """Return the factor on the learning rate, by step."""

    def factor(step: int) -> float:
        cosine = (1 + math.cos(math.pi * step / steps)) / 2
        return min((step + 1) / warm_up, 0.02 + 0.98 * cosine)

    return factor


def train(recipe: Recipe) -> tuple[CLIP, Log]:
    """Return the trained model and the log."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    plain = draw_faces(f"{recipe.seed}/plain", recipe.plain_faces, 0.0)
    faces = draw_faces(f"{recipe.seed}/train", recipe.faces)
    held_out = draw_faces(f"{recipe.seed}/held-out", recipe.held_out)
    model = CLIP(**json.loads((HERE / "model.json").read_text()))
    whiten(
        model,
        normalised(faces.pixels[:1000]),
        recipe.position,
    )
    trainer = Trainer(model, recipe, held_out)
    head = nn.Linear(model.visual.output_dim, faces.units.shape[1])
    trainer.units("plain", plain, head, recipe.plain_steps)
    trainer.units("units", faces, head, recipe.unit_steps)
    trainer.captions(faces)
    return model, trainer.log


def main() -> None:
    """Train with the recipe above, or with other numbers, and write weights and log into `--out`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE)
    for name, value in asdict(Recipe()).items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(value),
            default=value,
        )
    options = vars(parser.parse_args())
    out: Path = options.pop("out")
    recipe = Recipe(**options)
    model, log = train(recipe)
    out.mkdir(parents=True, exist_ok=True)
    half = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
    save_file(
        half,
        out / "weights.safetensors",
        metadata={"recipe": json.dumps(asdict(recipe))},
    )
    log.write(out / "log.csv")


if __name__ == "__main__":
    main()

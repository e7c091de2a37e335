"""A network whose authors publish weights under names of their own, and files as they publish them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from harness import FrameInput, Method, MethodSpec, PublicKeys, Stage, Task, hookimpl, option

WIDTH = 4
PUBLIC = {  # names and shapes as its authors have them, for three classes
    "trunk.conv1.weight": (WIDTH, 3, 3, 3),
    "trunk.bn1.weight": (WIDTH,),
    "trunk.bn1.bias": (WIDTH,),
    "trunk.bn1.running_mean": (WIDTH,),
    "trunk.bn1.running_var": (WIDTH,),
    "trunk.unused": (2,),
    "fc.weight": (3, WIDTH),
    "fc.bias": (3,),
}
KEYS = PublicKeys(
    renames=((r"trunk\.conv1\.(.*)", r"conv.\1"), (r"trunk\.bn1\.(.*)", r"norm.\1"), (r"fc\.(.*)", r"head.\1")),
    left_out=(r"trunk\.unused",),
    made_here=("order",),
    head=("head",),
)


@dataclass(frozen=True)
class Options:
    """Options of the network."""

    epochs: int = option(1, "epochs", minimum=0)
    learning_rate: float = option(0.0, "of SGD; 0 leaves what training started from")


class Net(Method):
    """A convolution of each frame, its mean, and a linear head."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__()
        self.options = options
        self.conv = nn.Conv2d(3, WIDTH, 3, bias=False)
        self.norm = nn.BatchNorm2d(WIDTH)
        self.head = nn.Linear(WIDTH, len(task.classes))
        self.register_buffer("order", torch.arange(3))

    def forward(self, inputs: Tensor) -> Tensor:
        maps = self.norm(self.conv(inputs.flatten(0, 1))).relu()  # (B T, D, H, W)
        logits: Tensor = self.head(maps.mean((2, 3)).unflatten(0, inputs.shape[:2]).mean(1))  # (B, C)
        return logits

    def stages(self) -> Sequence[Stage]:
        return [Stage("all", self.options.epochs, 4, {"": self.options.learning_rate})]


def public_state(seed: int = 0, **changed: tuple[int, ...] | None) -> dict[str, Tensor]:
    """Return a state dict as the authors publish it.

    Args: where its numbers are drawn from; shapes that are others, by name with `__` for dots, None to leave one out.
    """
    shapes: dict[str, tuple[int, ...] | None] = dict(PUBLIC)
    shapes |= {name.replace("__", "."): shape for name, shape in changed.items()}
    drawn = torch.Generator().manual_seed(seed)
    return {name: torch.rand(shape, generator=drawn) for name, shape in shapes.items() if shape is not None}


def save_public(
    path: Path,
    container: str = "state_dict",
    prefix: str = "module.",
    **changed: tuple[int, ...] | None,
) -> Path:
    """Write a checkpoint as training code leaves it: beside the weights stand the epoch and a best score."""
    state = {f"{prefix}{name}": tensor for name, tensor in public_state(**changed).items()}
    whole = {"epoch": 3, "best_acc": torch.tensor(0.5), container: state} if container else state
    torch.save(whole, path)
    return path


@hookimpl
def register_methods() -> list[MethodSpec]:
    seen = FrameInput(frames=2, size=16, views=0, normalisation="none")
    net = MethodSpec(
        "net",
        "1",
        Net,
        Options,
        seen,
        backbone="none",
        public_keys=KEYS,
        architecture="Net",
        recipes={"short": {"epochs": 1, "input.frames": 1}},
    )
    return [net, MethodSpec("bare", "1", Net, Options, seen, backbone="none")]

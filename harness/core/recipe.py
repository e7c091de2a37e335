"""How a method is trained, stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Schedule:
    """Learning rate over a stage; see `harness.training.schedule` for the formulae."""

    kind: Literal["constant", "cosine", "milestones"] = "cosine"
    per: Literal["epoch", "step"] = "epoch"
    warmup_epochs: int = 0
    warmup: Literal["linear", "constant"] = "linear"
    warmup_lr: float = 1e-5  # of a constant warm-up
    min_lr: float = 0.0  # floor of the cosine
    period: Literal["rest", "all"] = "rest"  # the cosine's half period: what is left after warm-up, or all epochs
    milestones: tuple[int, ...] = ()  # epochs
    gamma: float = 0.1


@dataclass(frozen=True)
class Stage:
    """One stretch of training. Only parameters under a prefix in `lr` move; everything else is frozen."""

    name: str
    epochs: int
    batch_size: int
    lr: Mapping[str, float]  # parameter-name prefix -> learning rate; one parameter group each
    optimizer: Literal["sgd", "adamw"] = "sgd"
    momentum: float = 0.9  # SGD
    betas: tuple[float, float] = (0.9, 0.999)  # AdamW
    weight_decay: float = 0.0
    decay_vectors: bool = True  # False: parameters with fewer than two dimensions are not decayed
    schedule: Schedule = Schedule()
    clip_norm: float = 0.0  # 0 = off
    accumulate: int = 1  # micro-batches per step; `batch_size` stays the effective batch
    precision: Literal["float32", "amp"] = "amp"  # amp: bfloat16 autocast, on a GPU only
    before: Callable[[], None] | None = None  # called once before the stage, e.g. to grow a module
    whole_batch: bool = False  # True: the loss is over all clips of a batch together, so no batch may be split

    def __post_init__(self) -> None:
        if self.whole_batch and self.accumulate > 1:
            raise ValueError(f"stage {self.name!r}: whole_batch and accumulate={self.accumulate} contradict each other")

"""The checkpoint of an unfinished job: one file of tensors, from which training goes on with the same bits.

Structure is not stored: a method is built anew, and what its stages do before they start is done again. Then every
tensor that the backbone does not own, the optimizer, the loss scaler and the random generators are put back.
"""

from __future__ import annotations

import io
import json
import logging
import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from harness.core.errors import HarnessError
from harness.models.method import Method
from harness.system.sealed import read_sealed, write_sealed
from harness.training.state import BestEpoch, TrainingResult, TrainingState

log = logging.getLogger(__name__)

LARGEST = 64 * 1024**3  # bytes: a tower under training with its optimizer has a few thousand million


class CheckpointUnfit(Exception):
    """A checkpoint that does not fit the method that was built; it is removed, and training starts anew."""


@dataclass(frozen=True)
class TrainedModel:
    """Model under training, with what a checkpoint puts back."""

    method: Method
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler


@dataclass(frozen=True)
class Checkpoints:
    """Checkpoints of a job: where and when it saves."""

    path: Path
    key: str  # of everything that the bits depend on; a file with another key is ignored
    every: int  # epochs between two; 0 = only when the process is asked to stop
    shared: Collection[int] = frozenset()  # ids of the backbone's tensors, which never change

    def load(self) -> SavedTraining | None:
        """Load what was saved last; a file that cannot be read, or with another key, is ignored."""
        try:
            content = read_sealed(self.path, self._about, LARGEST)
            data = torch.load(
                io.BytesIO(content),
                map_location="cpu",
                weights_only=True,
            )
            saved = SavedTraining(
                data,
                json.loads(data["about"]),
                self,
            )
        except FileNotFoundError:
            return None
        except Exception as error:  # a spoilt file can make the reader fail in any way
            log.warning("checkpoint left aside, since it cannot be read (%s: %s)", type(error).__name__, error)
            return None
        return saved if saved.about.get("key") == self.key else None

    def due(self, epochs: int) -> bool:
        """Return whether to save after so many epochs over all stages."""
        return bool(self.every) and epochs % self.every == 0

    def save(self, state: TrainingState, model: TrainedModel) -> None:
        """Write the file. A disk that is full costs the checkpoint, not the training."""
        data = {
            "about": json.dumps({"key": self.key, **_plain(state)}),
            "losses": torch.stack(state.losses).cpu() if state.losses else torch.zeros(0),
            "best": state.best.state,
            "tensors": dict(self.tensors(model.method)),
            "optimizer": model.optimizer.state_dict(),
            "scaler": model.scaler.state_dict(),
            "generators": _generators(),
        }
        whole = io.BytesIO()
        try:
            torch.save(data, whole)
            write_sealed(self.path, whole.getbuffer(), self._about)
        except (HarnessError, RuntimeError, OSError) as error:
            log.warning("no checkpoint of epoch %d: %s", state.result.epoch, error)

    @property
    def _about(self) -> str:
        return f"training of {self.path.stem}"

    def tensors(self, method: Method) -> Iterator[tuple[str, Tensor]]:
        """Yield what may have changed since the method was built:
        parameters and buffers that the backbone does not own.
        """
        for named in (method.named_parameters(), method.named_buffers()):
            yield from ((name, t.detach()) for name, t in named if id(t) not in self.shared or t.requires_grad)

    def remove(self) -> None:
        """Remove the file: the job is over."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class SavedTraining:
    """A checkpoint that was read."""

    data: dict[str, Any]
    about: dict[str, Any]
    owner: Checkpoints

    def state_on(self, device: torch.device) -> TrainingState:
        """Return where training stood."""
        about = self.about
        return TrainingState(
            stage=about["stage"],
            epoch=about["epoch"],
            losses=list(self.data["losses"].to(device)),
            seconds=about["seconds"],
            result=TrainingResult(about["history"], about["done"]),
            best=BestEpoch(tuple(about["score"]), about["best"], self.data["best"]),
        )

    def restore(self, model: TrainedModel) -> None:
        """Put tensors, optimizer, scaler and global random generators back, in a method in the same stage.

        Raises:
            CheckpointUnfit: the method is not the one that was saved.
        """
        tensors = dict(self.owner.tensors(model.method))
        stored = self.data["tensors"]
        if _shapes(tensors) != _shapes(stored):
            raise CheckpointUnfit
        with torch.no_grad():
            for name, tensor in tensors.items():
                tensor.copy_(stored[name])
        try:
            model.optimizer.load_state_dict(self.data["optimizer"])
            model.scaler.load_state_dict(self.data["scaler"])
        except (ValueError, RuntimeError, KeyError) as error:
            raise CheckpointUnfit from error
        self._restore_generators()  # last, since building draws from them

    def _restore_generators(self) -> None:
        found = self.data["generators"]
        about = json.loads(found["about"])
        random.setstate((about["version"], tuple(about["state"]), about["gauss"]))
        np.random.set_state(("MT19937", found["numpy"].numpy().astype(np.uint32), *about["numpy"]))
        torch.set_rng_state(found["torch"])
        if len(found["cuda"]):
            torch.cuda.set_rng_state(found["cuda"])


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}


def _plain(state: TrainingState) -> dict[str, Any]:
    return {
        "stage": state.stage,
        "epoch": state.epoch,
        "seconds": state.seconds,
        "history": state.result.history,
        "done": state.result.epoch,
        "score": state.best.score,
        "best": state.best.epoch,
    }


def _generators() -> dict[str, Any]:
    version, state, gauss = random.getstate()
    _, keys, *rest = np.random.get_state(legacy=True)
    about = {
        "version": version,
        "state": state,
        "gauss": gauss,
        "numpy": rest,
    }
    return {
        "about": json.dumps(about),
        "numpy": torch.from_numpy(np.asarray(keys).astype(np.int64)),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else torch.zeros(0, dtype=torch.uint8),
    }

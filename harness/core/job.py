"""A job, the unit that is planned, run, stored and skipped, and the protocol that it follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

from harness.core.backbone_spec import BackboneId
from harness.core.digest import digest
from harness.core.frame_input import FrameInput
from harness.core.weights_spec import AUTHORS

T = TypeVar("T")

Selection = Literal["last", "val", "oracle"]  # as a run is asked for

SelectionRule = Literal["last", "val", "oracle", "authors"]  # the last: the authors' weights, which are only tested

Status = Literal["done", "failed"]

OnBadSample = Literal["fail", "skip"]


@dataclass(frozen=True)
class Protocol:
    """Facts that must be equal for two methods to be ranked together."""

    dataset: str
    dataset_version: str
    crop_source: str
    split_sha256: str  # of all folds
    classes: tuple[str, ...]
    selection: SelectionRule = "last"
    aggregation: str = "mean-of-folds"
    test_views: int = 1

    @property
    def hash(self) -> str:
        """Stands on every row; rows of different hashes never share a ranking."""
        return digest(self)


@dataclass(frozen=True)
class JobSpec:
    """One fold, one method, one seed: the unit that is planned, run, stored and skipped. Plain JSON."""

    dataset: str
    fingerprint: str
    fold: str
    method: str
    method_version: str
    seed: int
    options: Mapping[str, Any]
    input: FrameInput
    backbone: BackboneId
    protocol: Protocol
    variant: str = ""
    on_bad_sample: OnBadSample = "fail"
    demo: bool = False
    weights: Mapping[str, str] = field(default_factory=dict)  # declared or given by the run, name -> SHA-256
    recipe: str = ""  # of the method's, as the run asked for it

    @cached_property
    def id(self) -> str:
        """12 hex digits of a hash of every field: nothing in it names a worker, a device count or a path."""
        return digest(self)

    @property
    def row(self) -> str:
        """The leaderboard row this job belongs to."""
        return self.variant or self.method

    @property
    def is_trained(self) -> bool:
        """Whether it trains its method, and does not only test what the authors trained."""
        return AUTHORS not in self.weights

    @property
    def label(self) -> str:
        """How logs and progress lines call the job."""
        return f"{self.dataset}/{self.fold} {self.row} seed {self.seed}"

    def to_json(self) -> dict[str, Any]:
        """Return plain data, from which `from_json` makes the job again."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JobSpec:
        """Return the job that `to_json` described."""
        nested = {
            "input": _restore(FrameInput, data["input"]),
            "backbone": BackboneId(**data["backbone"]),
            "protocol": _restore(Protocol, data["protocol"]),
        }
        return cls(**{**data, **nested})


def _restore(cls: Callable[..., T], data: Mapping[str, Any]) -> T:
    return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})

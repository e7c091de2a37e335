"""What a worker has to know beside the job: places and settings that are part of no identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.backbone_spec import NO_BACKBONE, NONE, BackboneId
from harness.core.digest import digest
from harness.core.errors import HarnessError


@dataclass(frozen=True)
class RunContext:
    """Plain data, sent to every worker with its work."""

    out: str
    cache: str
    data_roots: Mapping[str, str]  # dataset -> its own folder
    backbones: Mapping[str, str]  # `key_of` a backbone -> as requested: NAME[:TAG|:FILE|:random], files absolute
    plugin_files: tuple[str, ...] = field(default_factory=tuple)
    code: Mapping[str, str] = field(default_factory=dict)  # package or plugin -> hash of its source, at the driver
    threads: int = 1
    loader_workers: int = 0
    save_weights: bool = False
    layouts: Mapping[str, str] = field(default_factory=dict)  # dataset -> which clips and lists, where it was asked for
    compile: bool = False
    checkpoint_every: int = 1  # epochs; 0 = only when asked to stop
    job_timeout: float | None = None  # seconds
    collect: bool = False  # no folder is shared: workers keep to places of their own and send results back
    send_logs: bool = False  # what jobs log is sent as events, too
    dataset_names: Mapping[str, str] = field(default_factory=dict)  # a user's own dataset -> the one that reads it
    quick: bool = False  # latency and cost are left out, and results say so
    given_weights: Mapping[str, str] = field(default_factory=dict)  # SHA-256 -> the file that the run gives a method
    lost: tuple[str, ...] = ()  # why earlier tries at this job came to nothing

    @property
    def backbone(self) -> str:
        """The backbones of the run as they were asked for."""
        return ", ".join(dict.fromkeys(self.backbones.values()))

    def request_of(self, backbone: BackboneId) -> str:
        """Return what a backbone of the run was asked for by.

        Raises:
            HarnessError: the run was planned with others.
        """
        if backbone == NO_BACKBONE:
            return NONE
        if key_of(backbone) not in self.backbones:
            raise HarnessError(
                f"backbone {backbone.name}:{backbone.weights} is none of those the run was planned with "
                f"({self.backbone}), or its weights changed after the run was planned; start the run again"
            )
        return self.backbones[key_of(backbone)]


def key_of(backbone: BackboneId) -> str:
    """Return the key of a backbone in `RunContext.backbones`."""
    return digest(backbone)

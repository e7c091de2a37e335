"""How much room a cluster has, and how much of it a job asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import ray

from harness.core.errors import HarnessError
from harness.core.job import JobSpec
from harness.planning.cluster import Cluster
from harness.plugin import registry


@dataclass(frozen=True)
class Resources:
    """Resources that one task asks Ray for."""

    cpus: int
    gpus: float

    def options(self) -> dict[str, Any]:
        """Return them as options of a Ray task. The driver retries by itself, so that it can keep the reasons."""
        return {
            "num_cpus": self.cpus,
            "num_gpus": self.gpus,
            "max_retries": 0,
        }


class Capacity:
    """The nodes of the cluster as they are now. `refresh` again, since a cluster may grow and shrink."""

    def __init__(self, cluster: Cluster, threads: int) -> None:
        self.cluster = cluster
        self.threads = threads
        self.refresh()
        if cluster.gpus_per_job and cluster.gpus_per_job > self.gpus and not cluster.address:
            raise HarnessError(
                f"--gpus-per-job {cluster.gpus_per_job:g}: no node has so many, the largest has {self.gpus:g}; lower "
                f"it, or name a cluster with --address"
            )

    def refresh(self) -> None:
        """Ask Ray for the nodes."""
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        self.nodes = [(int(r.get("CPU", 0)), float(r.get("GPU", 0))) for r in nodes]
        asked = self.cluster.cpus_per_job or self.threads
        largest = max((cpus for cpus, _ in self.nodes), default=0)
        self.cpus = min(asked, largest or asked)  # more would wait for ever
        self.gpus = max((gpus for _, gpus in self.nodes), default=0.0)

    def needs(self, job: JobSpec) -> Resources:
        """Return what a job asks for: what was set, else what its method declares, as far as a node has it."""
        given = self.cluster.gpus_per_job
        if given is None:
            given = min(registry.method(job.method).spec.gpus, self.gpus)
        return Resources(self.cpus, given)

    def whole(self, needs: Resources) -> Resources:
        """Return the same resources with a node to itself."""
        return replace(needs, cpus=max([needs.cpus, *(cpus for cpus, gpus in self.nodes if gpus >= needs.gpus)]))

    def slots(self, needs: Resources) -> int:
        """Return how many such tasks run at once."""
        return sum(
            min(cpus // needs.cpus, int(gpus / needs.gpus + 1e-6) if needs.gpus else cpus) for cpus, gpus in self.nodes
        )

    def window(self, needs: Resources) -> int:
        """Return how many tasks are with Ray at a time:
        as many again as run, so that no worker waits for the driver.
        """
        return self.cluster.max_jobs or 2 * max(self.slots(needs), 1)

"""How the jobs of a run are spread: what each may use, how many run at once, how often lost ones are tried again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cluster:
    """Settings of the driver; workers and identities know nothing of them."""

    address: str | None = None  # of Ray: `auto`, `ray://HOST:PORT`, `HOST:PORT`; None = RAY_ADDRESS, or this machine
    gpus_per_job: float | None = None  # None = what the method declares, where there are GPUs
    cpus_per_job: int | None = None  # None = as many as a job has threads
    max_jobs: int | None = None  # at once; None = as many as there is room for
    max_retries: int = 2  # of a job whose worker was lost
    ship_code: bool = False  # send the harness and its plugins along, instead of relying on what is installed

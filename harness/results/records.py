"""The files of one result."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from harness.core.dataset_spec import Sample
from harness.core.errors import HarnessError
from harness.core.job import JobSpec
from harness.core.registered import Registered
from harness.core.weights_spec import PRETRAINED
from harness.results.store import SCHEMA, write_json
from harness.results.tables import write_table

if TYPE_CHECKING:
    import torch

SHORT = 8  # hex digits by which a row names a file
CHECKSUM = "sha256"  # of the tensors, beside them
HISTORY = ("stage", "epoch", "loss", "seconds", "val_war", "val_uar")
MISSING_TYPES = {"val_war": float, "val_uar": float}  # all missing unless validation clips are held out
HISTORY_TYPES = {
    "stage": str,
    "epoch": int,
    "loss": float,
    "seconds": float,
    **MISSING_TYPES,
}


class Described(Protocol):
    """A method's spec, of which a result tells what a table says beside its numbers."""

    def facts(self) -> dict[str, Any]:
        """Return family, venue and so on."""

    def told_by_dataset(self, dataset: str) -> dict[str, Any]:
        """Return the options that differ between datasets, as they are on this one."""


def identity(job: JobSpec, registered: Registered[Described]) -> dict[str, Any]:
    """Return what a result says of its job; complete even if the job failed before it had read anything.

    Args:
        job: what was to be done.
        registered: the job's method, and the plugin that it came from.
    """
    told = registered.spec.told_by_dataset(job.dataset)
    return {
        "schema": SCHEMA,
        "id": job.id,
        "dataset": job.dataset,
        "fingerprint": job.fingerprint,
        "split_sha256": None,
        "official": False,
        "folds": [],
        "demo": job.demo,
        "fold": job.fold,
        "seed": job.seed,
        "method": job.method,
        "variant": job.variant,
        "options": dict(job.options),
        "input": asdict(job.input),
        "plugin": {"name": registered.plugin, "version": job.method_version, "source_sha256": registered.source_sha256},
        "facts": _facts(job, registered.spec),
        **({"by_dataset": told} if told else {}),
        "backbone": {name: value for name, value in asdict(job.backbone).items() if value or name != "code"},
        "weights": dict(job.weights),
        **({"recipe": job.recipe} if job.recipe else {}),
        "protocol": asdict(job.protocol),
        "protocol_hash": job.protocol.hash,
        "selection": job.protocol.selection,
        "on_bad_sample": job.on_bad_sample,
        "epoch": None,
        "classes": list(job.protocol.classes),
        "metrics": {},
        "metric_versions": {},
        "confusion": None,
        "n_scored": 0,
        "n_unscored": 0,
        "cost": {},
        "phases": {},
        "warnings": [],
        "error": None,
    }


def _facts(job: JobSpec, spec: Described) -> dict[str, Any]:
    """Return what a table says of the method; of one whose training starts from a file of the run, that it does."""
    facts = spec.facts()
    if PRETRAINED in job.weights:
        facts["pretraining"] = f"file {job.weights[PRETRAINED][:SHORT]}"
    return facts


def job_of(result: Mapping[str, Any]) -> JobSpec:
    """Return the job that a `result.json` was made for. Raises: HarnessError if it is not the one its id stands for."""
    names = [field.name for field in fields(JobSpec) if field.name != "method_version"]
    try:
        told = {name: result[name] for name in names if name in result}  # what came later has a default
        job = JobSpec.from_json({**told, "method_version": result["plugin"]["version"]})
    except (KeyError, TypeError) as error:
        raise HarnessError(f"{result.get('path', 'result')}: does not hold its job ({error})") from error
    if job.id != result["id"]:
        raise HarnessError(f"{result.get('path', 'result')}: was edited; its job is {job.id}, not {result['id']}")
    return job


def write_records(folder: Path, outcome: Outcome) -> None:
    """Write `result.json`, and of a finished job its predictions, its history and, if asked for, its weights.

    Raises:
        OSError: the disk is full, or the folder cannot be written.
    """
    if outcome.logits is not None:
        classes = outcome.result["classes"]
        predictions = predictions_frame(
            outcome.samples,
            outcome.logits,
            classes,
        )
        write_table(folder / "predictions.parquet", predictions)
        write_table(folder / "history.parquet", history_frame(outcome.history))
    if outcome.state:
        from safetensors import SafetensorError
        from safetensors.torch import save

        try:
            told = {"job": outcome.result["id"], CHECKSUM: tensors_sha256(outcome.state)}
            whole = save(outcome.state, metadata=told)
        except SafetensorError as error:
            raise OSError(f"weights.safetensors: {error}") from error
        (folder / "weights.safetensors").write_bytes(whole)  # save_file would let nobody else read it
    write_json(folder / "result.json", outcome.result)


def tensors_sha256(state: Mapping[str, torch.Tensor]) -> str:
    """Return the SHA-256 of tensors with their names and shapes."""
    whole = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        flat = tensor.detach().cpu().contiguous()
        whole.update(f"{name} {flat.dtype} {tuple(flat.shape)}\n".encode())
        whole.update(flat.reshape(-1).view(_bytes()).numpy().tobytes())
    return whole.hexdigest()


def _bytes() -> torch.dtype:
    import torch

    return torch.uint8


def check_tensors(state: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> None:
    """Hold stored weights against the checksum beside them; those from before there was one have none.

    Raises:
        ValueError: they are not what was stored.
    """
    if CHECKSUM in metadata and metadata[CHECKSUM] != tensors_sha256(state):
        raise ValueError("its tensors are not those that were stored: its checksum is another")


def predictions_frame(
    samples: Sequence[Sample],
    logits: np.ndarray,
    classes: Sequence[str],
) -> pd.DataFrame:
    """Return one row a clip, sorted by id; classes as words, since numbers differ between code bases."""
    words = np.asarray(classes, dtype=object)
    frame = pd.DataFrame(
        {
            "sample_id": [s.id for s in samples],
            "label": words[[s.label for s in samples]],
            "prediction": words[logits.argmax(axis=1)],
            "frames": np.array([s.frames for s in samples], dtype=np.int32),
            "group": [s.group for s in samples],
            **{f"logit.{name}": logits[:, i].astype(np.float32) for i, name in enumerate(classes)},
        }
    )
    return frame.sort_values("sample_id", ignore_index=True)


def history_frame(history: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one row an epoch. Learning rates of groups that a stage does not train are missing."""
    rows = pd.DataFrame(list(history))
    rest = [name for name in rows.columns if name not in HISTORY]
    return rows.reindex(columns=[*HISTORY[:3], *rest, *HISTORY[3:]]).astype(
        HISTORY_TYPES if rows.empty else MISSING_TYPES
    )


@dataclass
class Outcome:
    """Outcome of a finished job, which is written to its folder."""

    result: dict[str, Any]
    samples: list[Sample] = field(default_factory=list)
    logits: np.ndarray | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    state: dict[str, torch.Tensor] = field(default_factory=dict)

"""Small frames of the clips that a run was surest about and wrong. Only `--thumbnails` makes any."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from harness.core.dataset_spec import DatasetSpec, Sample
from harness.core.errors import HarnessError, find_named
from harness.core.metric import Predictions
from harness.data.dataset import Dataset, open_dataset
from harness.data.places import DEMO_ROOT, dataset_place
from harness.results.predictions import BadPredictions, read_predictions
from harness.system.folders import cache_folder
from harness.video.source import open_source

SHOWN = 6  # clips a run
SIDE = 72  # pixels, enough to see what was confused
QUALITY = 60  # of the JPEG, about 2 kB
WARNING = "the site shows frames of clips: make sure that the licence of the data allows you to publish faces"


@dataclass
class Thumbnails:
    """Frames of wrongly named clips, read from the data that the results were made with."""

    known: Mapping[str, DatasetSpec]  # of plugins, by name
    data_root: Path | None = None
    notes: list[str] = field(default_factory=list)  # why frames of some results are left out
    _opened: dict[tuple[str, bool], Dataset | None] = field(default_factory=dict)
    _frames: dict[tuple[str, bool, str], str] = field(default_factory=dict)

    @property
    def warnings(self) -> list[str]:
        """What the person who publishes has to know."""
        return [WARNING, *(f"no frames: {note}" for note in self.notes)]

    def of(
        self,
        result: Mapping[str, Any],
        folder: Path,
    ) -> list[dict[str, str]]:
        """Return the clips of a run that it was surest about and wrong:
        id, label, prediction, and a frame as data URI.
        """
        dataset = self._dataset(result)
        if dataset is None or result["status"] != "done":
            return []
        classes = result["classes"]
        try:
            clips = read_predictions(folder, classes)
        except BadPredictions:
            return []  # the audit says so
        chosen = surest_wrong(
            clips.labels,
            clips.predicted,
            clips.logits,
        )[:SHOWN]
        shown = []
        for i in chosen.tolist():
            name = str(clips.ids[i])
            if frame := self._frame(dataset, bool(result["demo"]), name):
                label, guess = classes[int(clips.labels[i])], classes[int(clips.predicted[i])]
                shown.append({"id": name, "label": label, "prediction": guess, "frame": frame})
        return shown

    def frames(
        self,
        result: Mapping[str, Any],
        names: Sequence[str],
    ) -> dict[str, str]:
        """Return a frame of each of the clips as data URI, by id; of the data that a result was made with."""
        dataset = self._dataset(result)
        if dataset is None:
            return {}
        found = {name: self._frame(dataset, bool(result["demo"]), name) for name in names}
        return {name: frame for name, frame in found.items() if frame}

    def _dataset(self, result: Mapping[str, Any]) -> Dataset | None:
        key = (str(result["dataset"]), bool(result["demo"]))
        if key not in self._opened:
            self._opened[key] = self._open(*key)
        dataset = self._opened[key]
        if dataset is not None and not dataset.is_known_as(result["fingerprint"]):
            self._note(f"{dataset.root} is not the data that some results of {key[0]} were made with")
            return None
        return dataset

    def _open(
        self,
        name: str,
        demo: bool,
    ) -> Dataset | None:
        try:
            spec = find_named("dataset", self.known, name)
            place = dataset_place(spec, self.data_root or (DEMO_ROOT if demo else None))
            return open_dataset(
                spec,
                place.root,
                cache_folder(),
                place.layout,
            )
        except HarnessError as error:
            self._note(str(error))
            return None

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _frame(
        self,
        dataset: Dataset,
        demo: bool,
        name: str,
    ) -> str:
        key = (dataset.spec.name, demo, name)
        if key not in self._frames:
            sample = dataset.samples.get(name)
            self._frames[key] = _data_uri(sample) if sample else ""
        return self._frames[key]


def surest_wrong(
    labels: np.ndarray,
    predicted: np.ndarray,
    logits: np.ndarray,
) -> np.ndarray:
    """Return indices of the wrongly named clips, the highest probability first."""
    sure = Predictions(labels, logits, ()).confidence
    wrong = np.flatnonzero(labels != predicted)
    return np.asarray(wrong[np.argsort(-sure[wrong], kind="stable")])


def _data_uri(sample: Sample) -> str:
    """Return the middle frame of a clip as a small JPEG; empty if it cannot be read."""
    try:
        source = open_source(sample)
        frame = source.read([source.count // 2])[0]
    except HarnessError:
        return ""
    image = Image.fromarray(frame)
    image.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"

"""Every file of weights that a registered method or backbone needs, and whether it is on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.core.backbone_spec import RANDOM, BackboneSpec
from harness.core.weights_spec import ANY, WeightsSpec
from harness.models.weights import find_tag
from harness.models.weights_files import file_sha256, find, remedy, weights_folder
from harness.plugin import registry


@dataclass(frozen=True)
class NeededWeights:
    """A file of weights that is needed.

    Attributes:
        name: of the file, without a suffix.
        needed_by: methods and backbones.
        source: where it can be had; empty: a person has to place it.
        sha256: of the only file that will do, or `any`.
        hint: for people.
        path: where it lies on this machine; None: nowhere.
    """

    name: str
    needed_by: tuple[str, ...]
    source: str
    sha256: str
    hint: str
    path: Path | None

    @property
    def found_sha256(self) -> str:
        """SHA-256 of the file that is here; empty if there is none."""
        return file_sha256(self.path) if self.path else ""

    @property
    def problem(self) -> str:
        """What is wrong with the file that is here."""
        if self.path is None or self.sha256 in (ANY, self.found_sha256):
            return ""
        return f"{self.path} is another file: SHA-256 {self.found_sha256[:12]}, expected {self.sha256[:12]}"

    @property
    def remedy(self) -> str:
        """How it comes to this machine."""
        return remedy(WeightsSpec(self.name, hint=self.hint)) if self.path is None else ""


def needed_weights() -> Iterator[NeededWeights]:
    """Yield each file once, those of backbones first. Nothing is downloaded."""
    declared: dict[str, tuple[WeightsSpec, list[str]]] = {}
    for name, offer in registry.backbones().items():
        spec = offer.spec
        if isinstance(spec.weights, WeightsSpec):
            declared.setdefault(spec.weights.name, (spec.weights, []))[1].append(f"backbone {name}")
        elif spec.model and spec.weights not in ("", RANDOM):
            yield _of_clip(name, spec, spec.weights)
    for name, method in registry.methods().items():
        for weights in method.weights:
            declared.setdefault(weights.name, (weights, []))[1].append(f"method {name}")
    for weights, users in declared.values():
        yield NeededWeights(
            weights.name,
            tuple(users),
            weights.source,
            weights.sha256,
            weights.hint,
            find(weights),
        )


def _of_clip(
    name: str,
    spec: BackboneSpec,
    weights: str,
) -> NeededWeights:
    """Return what a CLIP needs: the file that it names, or one that open_clip knows by a tag."""
    file = Path(weights)
    if file.suffix:
        found = file if file.is_file() else None
        return NeededWeights(
            file.stem,
            (f"backbone {name}",),
            "bundled",
            ANY,
            "",
            found,
        )
    return NeededWeights(
        f"{spec.model}-{weights}",
        (f"backbone {name}",),
        f"open_clip:{spec.model}:{weights}",
        ANY,
        f"open_clip's {weights} weights of {spec.model}; or name a file: --backbone {name}:FILE; folder "
        f"{weights_folder()}",
        find_tag(spec.model, weights),
    )

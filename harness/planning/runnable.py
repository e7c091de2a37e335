"""What of a choice can run on this machine: backbones and weights are found, and what lacks them is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.core.backbone_spec import CLIP, NO_BACKBONE
from harness.core.context import key_of
from harness.core.errors import BadOption, CannotRun, HarnessError
from harness.models import weights
from harness.models.spec import STREAMS, MethodSpec
from harness.models.weights import WeightsSource
from harness.models.weights_files import check_readable, fetch, file_sha256
from harness.models.weights_form import check_form
from harness.planning.choose import Choice, MethodChoice
from harness.plugin import registry


@dataclass(frozen=True)
class Runnable:
    """The methods of a choice that can run, on what, and why the others cannot."""

    methods: Sequence[MethodChoice]
    backbones: Mapping[str, str]  # as `RunContext.backbones`
    left_out: Mapping[str, str]  # method -> why it is left out, with the remedy
    sources: Mapping[str, WeightsSource] = field(default_factory=dict)  # of the backbones, as they were asked for


def runnable(chosen: Choice) -> Runnable:
    """Find the backbone and the weights of each method, downloading what can be.

    A method that `all` stands for and that cannot run here is left out.

    Raises:
        HarnessError: one that was asked for by name cannot run; or none can.
    """
    found = _Backbones()
    methods, left_out = [], {}
    backbones: dict[str, str] = {}
    for method in chosen.methods:
        try:
            ready, source = _ready(method, found)
        except HarnessError as error:
            if method.by_name or not _spares_others(method, error):
                raise
            left_out[method.spec.name] = str(error)
            continue
        methods.append(ready)
        if source.id != NO_BACKBONE:
            backbones[key_of(source.id)] = method.backbone
    if left_out and not methods:
        reasons = list(dict.fromkeys(left_out.values()))
        if len(reasons) == 1:
            raise CannotRun(reasons[0])
        raise CannotRun("no method can run here:\n" + "\n".join(f"{name}: {why}" for name, why in left_out.items()))
    sources = {method.backbone: found.source(method.backbone) for method in methods}
    return Runnable(methods, backbones, {**chosen.left_out, **left_out}, sources)


class _Backbones:
    """Sources of the backbones of a plan, each looked for once: without a network that takes seconds."""

    def __init__(self) -> None:
        self._known = registry.backbones()
        self._found: dict[str, WeightsSource | HarnessError] = {}

    def source(self, request: str) -> WeightsSource:
        """Return the source of a backbone. Raises: HarnessError."""
        if request not in self._found:
            try:
                self._found[request] = weights.resolve(request, self._known)
            except HarnessError as error:
                self._found[request] = error
        found = self._found[request]
        if isinstance(found, HarnessError):
            raise found
        return found


def _ready(method: MethodChoice, found: _Backbones) -> tuple[MethodChoice, WeightsSource]:
    """Return a method with its backbone, the size of its frames and the hashes of its weights.

    Raises:
        HarnessError: it cannot run here.
    """
    spec = method.spec
    _check_streams(spec)
    if method.lacks:
        raise CannotRun(method.lacks)
    if not method.backbone:
        raise CannotRun(
            f"method {spec.name!r} names no backbone of its paper (paper_backbone), so --backbone paper cannot be "
            f"followed; name one"
        )
    source = found.source(method.backbone)
    size = method.input.size or source.image_size
    if not size:
        raise BadOption(f"method {spec.name!r} runs on no backbone, so its FrameInput has to name a size in pixels")
    if source.file is not None:
        check_form(source.file)
    if source.file is not None and source.file.suffix != ".safetensors":  # whose header tells all of it
        check_readable(source.file)
    files = {declared.name: fetch(declared) for declared in spec.weights}
    for file in files.values():
        check_readable(file)
    ready = replace(
        method,
        input=replace(method.input, size=size),
        backbone_id=source.id,
        weights={name: file_sha256(file) for name, file in files.items()} | _given(method),
    )
    return ready, source


def _given(method: MethodChoice) -> dict[str, str]:
    """Return the SHA-256 of the file that the run gives a method, by what it is."""
    given = method.given
    return {given.kind: file_sha256(given.path)} if given else {}


def _check_streams(spec: MethodSpec) -> None:
    lacking = [stream for stream in spec.streams if stream not in STREAMS]
    if lacking:
        raise CannotRun(
            f"method {spec.name!r} needs {' and '.join(lacking)} of each clip; the harness feeds {', '.join(STREAMS)} "
            f"only, so it cannot run yet"
        )


def _spares_others(method: MethodChoice, error: HarnessError) -> bool:
    """Return whether an error is of one method alone: it cannot run here, or its plugin names a wrong backbone."""
    return isinstance(error, CannotRun) or method.spec.backbone != CLIP

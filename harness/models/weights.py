"""Find the weights of a backbone and hash them, without loading them. Imports no torch."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core.backbone_spec import BUNDLED, NO_BACKBONE, NONE, QUICK_GELU, RANDOM, BackboneId, BackboneSpec, Sees
from harness.core.digest import digest
from harness.core.errors import HarnessError, WeightsMissing, suggestion
from harness.core.registered import Registered
from harness.core.weights_spec import WeightsSpec
from harness.models.weights_files import fetch, file_sha256, hub_asked_once, placed, weights_folder
from harness.models.weights_form import check_file

HUB_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")  # as open_clip asks a hub for

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)  # openai/CLIP, `_transform`

CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class WeightsSource:
    """Everything needed to load a backbone. Only `id` is part of a job's identity: the file's path is not."""

    id: BackboneId
    model: str  # open_clip architecture, or a JSON file with its configuration
    file: Path | None  # None = random weights
    quick_gelu: bool
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD
    build: str | Callable[[Any], Any] = ""  # of what open_clip does not build
    sees: Sees = "frames"
    size: int = 0  # pixels that `build`'s module takes

    @property
    def image_size(self) -> int:
        """Height and width in pixels; 0 where there is no backbone that asks for any."""
        return image_size(self.model) if self.model else self.size


NO_WEIGHTS = WeightsSource(NO_BACKBONE, "", None, quick_gelu=False)  # of a method that brings all of its network


def resolve(request: str, known: Mapping[str, Registered[BackboneSpec]]) -> WeightsSource:
    """Turn `NAME[:TAG|:FILE|:random]` into a source, downloading a tag's weights if they are not on disk.

    Args:
        request: as `--backbone` takes it, or `none`.
        known: backbones of plugins by name; any other name is open_clip's business.

    Raises:
        HarnessError: unknown architecture, tag or file.
        WeightsMissing: the weights can neither be found nor downloaded; says which file to put where.
    """
    if request == NONE:
        return NO_WEIGHTS
    name, _, given = request.partition(":")
    if name in known and known[name].spec.build:
        return _built(known[name], given)
    if not name:
        raise HarnessError(f"unknown backbone {name!r}; expected NAME[:TAG|:FILE|:{RANDOM}]")
    spec = known[name].spec if name in known else BackboneSpec(name, name, "")
    weights = given or str(spec.weights)
    cfg = architecture(spec.model)
    if not weights:
        raise HarnessError(f"backbone {name!r} needs weights: {name}:TAG, {name}:FILE or {name}:{RANDOM}")
    if weights == RANDOM:
        return WeightsSource(
            random_id(name, cfg),
            spec.model,
            None,
            _quick(cfg),
        )
    if Path(weights).suffix:
        return _from_file(
            spec,
            Path(weights).expanduser(),
            cfg,
            bundled=not given,
        )
    return _from_tag(spec, weights, cfg)


def _built(offer: Registered[BackboneSpec], given: str) -> WeightsSource:
    """Return the source of what a plugin builds: its declared weights, a file that was named, or random ones."""
    spec, declared = offer.spec, offer.spec.weights
    code = digest([offer.source_sha256, spec.sees, spec.image_size, spec.mean, spec.std], 64)
    file: Path | None = None
    if isinstance(declared, WeightsSpec) and given == declared.name:
        given = ""  # as results call them
    if given == RANDOM or (not given and declared == RANDOM):
        found = BackboneId(spec.name, RANDOM, "", code)
    elif given:
        file = Path(given).expanduser().resolve()
        if not file.exists():
            raise WeightsMissing(f"backbone {spec.name}: no weights file {file}")
        check_file(file)
        found = BackboneId(
            spec.name,
            file.name,
            file_sha256(file),
            code,
        )
    elif isinstance(declared, WeightsSpec):
        file = fetch(declared)
        found = BackboneId(
            spec.name,
            declared.name,
            file_sha256(file),
            code,
        )
    else:
        raise HarnessError(f"backbone {spec.name!r} needs weights: {spec.name}:FILE or {spec.name}:{RANDOM}")
    return WeightsSource(
        found,
        "",
        file,
        quick_gelu=False,
        mean=spec.mean,
        std=spec.std,
        build=spec.build,
        sees=spec.sees,
        size=spec.image_size,
    )


def architecture(model: str) -> dict[str, Any]:
    """Return the open_clip configuration of an architecture, read without importing open_clip."""
    if model.endswith(".json"):
        return _configuration(Path(model))
    files = _architectures()
    if model not in files:
        raise HarnessError(f"unknown backbone {model!r}; {suggestion(model, files)}")
    return dict(json.loads(files[model].read_text(encoding="utf-8")))


def _configuration(path: Path) -> dict[str, Any]:
    """Return an architecture of a file of one's own, as open_clip writes them. Raises: HarnessError if it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if int(found["vision_cfg"]["image_size"]) > 0 and found["text_cfg"] and found["embed_dim"]:
            return dict(found)
        reason = "it gives no size of an image, no text tower or no width"
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}"
    except RecursionError:
        reason = "lists or tables within too many others"
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
    raise HarnessError(f"backbone {path}: not the configuration of a CLIP that open_clip can build ({reason})")


def image_size(model: str) -> int:
    """Return height and width in pixels that an architecture takes."""
    return int(architecture(model)["vision_cfg"]["image_size"])


def random_id(name: str, cfg: dict[str, Any]) -> BackboneId:
    """Return the identity of random weights: they are made from a fixed seed, so it is their architecture."""
    return BackboneId(
        name,
        RANDOM,
        digest({RANDOM: cfg}, 64),
    )


def _from_file(
    spec: BackboneSpec,
    path: Path,
    cfg: dict[str, Any],
    bundled: bool,
) -> WeightsSource:
    if not path.exists():
        raise WeightsMissing(f"backbone {spec.name}: no weights file {path}")
    check_file(path)
    if not bundled and f"{spec.model}{QUICK_GELU}" in _architectures():
        warnings.warn(
            f"{spec.name}:{path.name} is loaded with plain GELU; if these are OpenAI's weights, "
            f"name {spec.model}{QUICK_GELU}:{path.name}, or every number changes silently",
            stacklevel=2,
        )
    label = BUNDLED if bundled else path.name
    return WeightsSource(
        BackboneId(spec.name, label, file_sha256(path)),
        spec.model,
        path.resolve(),
        _quick(cfg),
    )


def _from_tag(
    spec: BackboneSpec,
    tag: str,
    cfg: dict[str, Any],
) -> WeightsSource:
    import open_clip.pretrained as zoo  # seconds; only a tag needs open_clip's list

    entry = zoo.get_pretrained_cfg(spec.model, tag)
    if not entry:
        known = zoo.list_pretrained_tags_by_model(spec.model)
        raise HarnessError(f"backbone {spec.name!r} has no weights tagged {tag!r}; {suggestion(tag, known)}")
    path = placed(f"{spec.model}-{tag}") or _download(
        spec,
        tag,
        entry,
    )
    return WeightsSource(
        BackboneId(spec.name, tag, file_sha256(path)),
        spec.model,
        path,
        # The tag knows which activation its weights were trained with; the plain architecture may not.
        quick_gelu=bool(entry.get("quick_gelu", _quick(cfg))),
        mean=tuple(entry.get("mean") or CLIP_MEAN),
        std=tuple(entry.get("std") or CLIP_STD),
    )


def find_tag(model: str, tag: str) -> Path | None:
    """Return the weights of a tag of open_clip's if they are on this machine; nothing is downloaded."""
    path = placed(f"{model}-{tag}")
    if path:
        return path
    import open_clip.pretrained as zoo

    entry = zoo.get_pretrained_cfg(model, tag)
    if not entry:
        return None
    address, hub = entry.get("url") or "", entry.get("hf_hub") or ""
    names = [name for name in hub.rsplit("/", 1)[1:] if name] or list(HUB_FILES)
    for name in names if hub else ():
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache("/".join(hub.split("/")[:2]), name)
        if isinstance(found, str):
            return Path(found)
    file = Path.home() / ".cache" / "clip" / address.rsplit("/", 1)[-1]  # open_clip's own folder of downloads
    return file if address and file.is_file() else None


def _download(
    spec: BackboneSpec,
    tag: str,
    entry: dict[str, Any],
) -> Path:
    import open_clip.pretrained as zoo

    try:
        with hub_asked_once():
            return Path(zoo.download_pretrained(entry))
    except Exception as error:
        origin = entry.get("hf_hub") or entry.get("url", "")
        raise WeightsMissing(
            f"weights {tag!r} of {spec.name} are not on this machine and cannot be downloaded "
            f"({type(error).__name__}).\n"
            f"Get open_clip_model.safetensors of {origin.rstrip('/')} on a machine that has a network and save it as\n"
            f"  {weights_folder() / f'{spec.model}-{tag}.safetensors'}\n"
            f"or name the file: --backbone {_plainly(spec.model, entry)}:FILE. "
            f"To try things out: --backbone {spec.name}:{RANDOM}"
        ) from error


def _plainly(model: str, entry: dict[str, Any]) -> str:
    """Return the architecture that a tag's weights fit when named as a file,
    which knows nothing of their activation.
    """
    return f"{model}{QUICK_GELU}" if entry.get("quick_gelu") and not model.endswith(QUICK_GELU) else model


def _quick(cfg: dict[str, Any]) -> bool:
    return bool(cfg.get("quick_gelu", False))


def _architectures() -> dict[str, Path]:
    return {path.stem: path for path in _open_clip_folder().glob("model_configs/*.json")}


def _open_clip_folder() -> Path:
    from importlib.util import find_spec

    spec = find_spec("open_clip")
    if spec is None or not spec.submodule_search_locations:
        raise HarnessError("open_clip_torch is not installed; run pip install open_clip_torch")
    return Path(spec.submodule_search_locations[0])

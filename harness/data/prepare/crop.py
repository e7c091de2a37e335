"""Prepare one clip: detect in every frame, choose a face, align it, write the crops and a record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from harness.core.digest import digest
from harness.core.errors import BadSample, HarnessError
from harness.data.prepare.align import align
from harness.data.prepare.faces import Detector, Face
from harness.data.prepare.raw_clips import RawClip
from harness.data.prepare.track import Pick, choose
from harness.system.files import write_atomically
from harness.video.decode import is_frame

RECORDS = ".prepare"  # below the output folder: one file a clip, from which a stopped run goes on
QUALITY = 95  # of the JPEG files
Status = Literal["started", "done", "failed"]


@dataclass(frozen=True)
class Settings:
    """Settings that the crops depend on, besides the clip."""

    size: int = 224
    margin: float = 0.0
    pick: Pick = "tracked"
    detector: str = "mtcnn"


@dataclass(frozen=True)
class Record:
    """Outcome of one clip. `rows` has one entry a source frame."""

    clip: str
    key: str  # of the clip's state and the settings
    status: Status
    reason: str
    rows: Sequence[dict[str, Any]]
    contents: str = ""  # hash of what the clip held and of the settings: copies, and files with other times, are known

    @property
    def crops(self) -> int:
        """Number of crops written."""
        return sum(bool(row["crop"]) for row in self.rows)


def prepare_clip(
    clip: RawClip,
    out: Path,
    settings: Settings,
    detect: Detector,
) -> Record:
    """Write the crops of a clip to `out/<clip id>/<frame number>.jpg`, and what was done to its record.

    A clip that cannot be decoded leaves no crops and a record with the reason.

    Raises:
        HarnessError: the crops cannot be written, or the folder holds something else.
    """
    _clear(out / clip.id, read_record(out, clip.id))
    _write_record(out, Record(clip.id, "", "started", "", ()))  # whose crops they are, should this be stopped
    try:
        rows = _write_crops(clip, out, settings, detect)
        record = Record(
            clip.id,
            key_of(clip, settings),
            "done",
            "",
            rows,
            contents_of(clip, settings),
        )
    except BadSample as error:
        record = Record(
            clip.id,
            "",
            "failed",
            str(error),
            (),
        )
    _write_record(out, record)
    return record


def key_of(clip: RawClip, settings: Settings) -> str:
    """Return a key that is equal as long as neither the clip nor a setting has changed."""
    return digest([clip.id, clip.state, asdict(settings)])


def contents_of(clip: RawClip, settings: Settings) -> str:
    """Return a key that is equal as long as the bytes of the clip and the settings are; slower, since all is read."""
    return digest([clip.id, clip.contents, asdict(settings)])


def kept_record(
    clip: RawClip,
    out: Path,
    settings: Settings,
) -> Record | None:
    """Return the record of an earlier run, if all that it promises is still there and nothing has changed since."""
    record = read_record(out, clip.id)
    if record is None or record.status != "done":
        return None
    try:
        same = record.key == key_of(clip, settings) or record.contents == contents_of(clip, settings)
    except (OSError, BadSample):
        return None
    return record if same and all((out / row["crop"]).is_file() for row in record.rows if row["crop"]) else None


def read_record(out: Path, clip: str) -> Record | None:
    """Return what an earlier run wrote of a clip."""
    try:
        return Record(**json.loads(_record_file(out, clip).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _record_file(out: Path, clip: str) -> Path:
    return out / RECORDS / f"{digest(clip, 20)}.json"


def _write_record(out: Path, record: Record) -> None:
    path = _record_file(out, record.clip)
    write_atomically(path, lambda draft: draft.write_text(json.dumps(asdict(record)), encoding="utf-8"))


def _clear(folder: Path, record: Record | None) -> None:
    """Remove the crops of an earlier run, and nothing else: another clip's may lie in a folder below."""
    for file in [path for path in folder.glob("*") if is_frame(path.name)]:
        if record is None:
            raise HarnessError(f"{file} is there already, and not from `harness data prepare`; choose another folder")
        file.unlink()


def _write_crops(
    clip: RawClip,
    out: Path,
    settings: Settings,
    detect: Detector,
) -> list[dict[str, Any]]:
    """Decode twice: which face a clip is about is known at its end, and detecting costs far more than decoding."""
    found = [detect(frame) for frame in clip.frames()]
    chosen = choose(found, settings.pick)
    try:
        for number, frame in enumerate(clip.frames() if chosen else ()):
            if number in chosen:
                (out / clip.id).mkdir(parents=True, exist_ok=True)
                image = align(
                    frame,
                    chosen[number],
                    settings.size,
                    settings.margin,
                )
                image.save(out / clip.id / _name(number), quality=QUALITY)
    except OSError as error:
        raise HarnessError(f"cannot write the crops of {clip.id} to {out}: {error.strerror or error}") from error
    return [_row(clip, number, faces, chosen.get(number)) for number, faces in enumerate(found)]


def _name(number: int) -> str:
    return f"{number + 1:05d}.jpg"


def _row(
    clip: RawClip,
    number: int,
    faces: Sequence[Face],
    face: Face | None,
) -> dict[str, Any]:
    status = "face" if face else "other-face" if faces else "no-face"
    row: dict[str, Any] = {
        "clip": clip.id,
        "frame": number + 1,
        "status": status,
        "faces": len(faces),
    }
    row["crop"] = f"{clip.id}/{_name(number)}" if face else ""
    box = (face.x, face.y, face.width, face.height, face.score) if face else ("",) * 5
    row |= dict(zip(("x", "y", "width", "height", "score"), box, strict=True))
    row["points"] = " ".join(f"{x:g},{y:g}" for x, y in face.points) if face else ""
    return row

"""Problems of single clips that show without decoding: missing, empty, short, odd file names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from harness.core.dataset_spec import Level, Problem, Sample
from harness.core.text import and_more, first_few
from harness.data.clip_index import BROKEN, ILLEGIBLE, NOT_THERE, UNORDERED, UNREAD, UNREADABLE
from harness.data.dataset import Dataset
from harness.data.odd_frames import suffixes_in
from harness.data.paths import relative

SHOWN = 4  # suffixes named
NAMED = 20  # clips named one by one; the rest are counted
FOLDER = "holds no frames (.jpg, .jpeg or .png)"


def clip_problems(dataset: Dataset, frames: int) -> list[Problem]:
    """Return what is wrong with clips, each kind named one by one up to a number."""
    samples = sorted(dataset.samples.values(), key=lambda s: s.id)
    found: list[Problem] = []
    for code, level, text, of_kind in _kinds(dataset, samples):
        found += listed(
            dataset,
            code,
            level,
            [(s, text) for s in of_kind],
        )
    found += _differing(dataset, samples)
    short = short_clips((s for s in samples if s.frames), frames)
    if short:
        found.append(Problem("warning", "short-clips", _short(dataset, samples, short, frames)))
    return found


def listed(
    dataset: Dataset, code: str, level: Level, clips: Sequence[tuple[Sample, str]], most: int = NAMED
) -> list[Problem]:
    """Return one problem a clip, at the place that lists it, and one for those beyond `most`."""
    named = []
    for sample, text in clips[:most]:
        file, line = dataset.found.places.get(sample.id, ("", None))
        where = relative(sample.source, dataset.root.absolute())
        named.append(Problem(level, code, f"clip {sample.id}: {where} {text}", file, line))
    if len(clips) > most:
        named.append(Problem(level, code, and_more(len(clips), most, "clips")))
    return named


def short_clips(samples: Iterable[Sample], frames: int) -> list[Sample]:
    """Return clips that have frames, but fewer than are sampled."""
    return [s for s in samples if 0 < s.frames < frames]


def _kinds(dataset: Dataset, samples: Sequence[Sample]) -> Iterator[tuple[str, Level, str, list[Sample]]]:
    odd = {s.id: dataset.infos[s.source].oddities for s in samples}
    yield "missing-clip", "error", "is not there", [s for s in samples if odd[s.id] & NOT_THERE]
    unreadable = [s for s in samples if odd[s.id] & UNREADABLE]
    yield "unreadable-clip", "error", "cannot be opened, or holds no video", unreadable
    empty = [s for s in samples if not s.frames and not odd[s.id] & (NOT_THERE | UNREADABLE)]
    unread = [s for s in empty if odd[s.id] & UNREAD]
    yield "empty-clip", "error", FOLDER, [s for s in empty if not odd[s.id] & UNREAD]
    text = f"{FOLDER}, only images of a suffix that is not read ({first_few(suffixes_in(unread), SHOWN)})"
    yield "empty-clip", "error", text, unread
    yield "broken-link", "error", "has frames that are no files", [s for s in samples if odd[s.id] & BROKEN]
    yield "unreadable-frame", "error", "has frames that cannot be read", [s for s in samples if odd[s.id] & ILLEGIBLE]
    text = "has names that string order misplaces (1, 10, 2); the harness reads them in order, other code may not"
    yield "name-order", "warning", text, [s for s in samples if odd[s.id] & UNORDERED]


def _differing(dataset: Dataset, samples: Sequence[Sample]) -> list[Problem]:
    stated = dataset.found.stated
    differing = [s for s in samples if s.frames and stated.get(s.id, s.frames) != s.frames]
    if not differing:
        return []
    first = differing[0]
    file, line = dataset.found.places[first.id]
    text = f"{len(differing):,} clips have other frames than the list states, e.g. {first.id} has {first.frames} for "
    return [Problem("warning", "frames-differ", f"{text}{stated[first.id]}; files are counted", file, line)]


def _short(
    dataset: Dataset,
    samples: Sequence[Sample],
    short: Sequence[Sample],
    frames: int,
) -> str:
    repeated = sum(frames - s.frames for s in short)
    all_of, short_of = Counter(s.label for s in samples), Counter(s.label for s in short)
    shares = ", ".join(
        f"{name} {100 * short_of[k] / all_of[k]:.1f} %" for k, name in enumerate(dataset.spec.class_names) if all_of[k]
    )
    return f"{len(short):,} clips have fewer than {frames} frames; sampling repeats {repeated:,} frames ({shares})"

"""Which frames of a clip are looked at: what a sampler picks, checked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.core.errors import BadOption, HarnessError
from harness.core.frame_input import FrameInput
from harness.core.sampler_spec import OPTIONAL, SamplerSpec
from harness.video.source import Source

COUNTS = (1, 2, 5, 16, 17, 24, 31, 105, 847)  # lengths of clips that a sampler is tried on

TRIED = 5  # of them, for a sampler that looks at the frames

FACE = (64, 64, 3)  # height, width and channels of the frames that it looks at

DEFAULTS = FrameInput()


def frame_indices(
    count: int,
    given: FrameInput,
    sampler: SamplerSpec,
    rng: np.random.RandomState | None,
    view: int = 0,
) -> np.ndarray:
    """Return indices (T,) of frames of a clip.

    Args:
        count: frames that the clip has, at least 1.
        given: what the method wants to see.
        sampler: the one that it names.
        rng: numpy's legacy generator, MT19937; None in testing.
        view: number of the place in time at which a clip is tested.

    Raises:
        HarnessError: a plugin's sampler gives other than T whole numbers of frames that the clip has.
    """
    picks = np.asarray(sampler.pick(count, given, rng, view))
    if picks.shape != (given.frames,) or picks.dtype.kind not in "iu" or picks.min() < 0 or picks.max() >= count:
        raise HarnessError(
            f"sampler {sampler.name!r} gives {_shown(picks)} of a clip of {count} frames; it has to give "
            f"{given.frames} whole numbers in 0..{count - 1}"
        )
    return picks


def kept_frames(source: Source, sampler: SamplerSpec) -> np.ndarray:
    """Return the indices (n',) of the frames that a sampler keeps of a clip, having looked at all of them.

    Raises:
        BadSample: one cannot be decoded.
        HarnessError: it keeps none, or other than frames of the clip in their order.
    """
    assert sampler.select is not None
    kept = np.asarray(sampler.select(source.read(range(source.count))))
    in_order = kept.ndim == 1 and kept.dtype.kind in "iu" and bool((np.diff(kept) > 0).all())
    if not in_order or not kept.size or kept[0] < 0 or kept[-1] >= source.count:
        raise HarnessError(
            f"sampler {sampler.name!r} keeps {_shown(kept)} of a clip of {source.count} frames; it has to keep at "
            f"least one, by ascending whole numbers in 0..{source.count - 1}"
        )
    return kept


def check_sampler(given: FrameInput, sampler: SamplerSpec) -> None:
    """Look whether a sampler heeds what is set, and is a pure function.

    Raises:
        BadOption: something is set that it does not read.
        HarnessError: it draws from elsewhere than its generator, or gives other than frames of the clip.
    """
    for name in OPTIONAL:
        if name not in sampler.reads and getattr(given, name) != getattr(DEFAULTS, name):
            raise BadOption(
                f"frame input: {name}={getattr(given, name)!r} means nothing to sampler {sampler.name!r}; leave it out"
            )
    for count in COUNTS if sampler.select is None else _kept_counts(sampler):
        for seed in (None, 1):
            draws = [frame_indices(count, given, sampler, _generator(seed)).tolist() for _ in range(2)]
            if draws[0] != draws[1]:
                raise HarnessError(
                    f"sampler {sampler.name!r} picks other frames when it is asked again: it has to depend on nothing "
                    f"but its arguments, and draw from `rng`"
                )


def _kept_counts(sampler: SamplerSpec) -> Iterator[int]:
    """Yield how many frames are kept of each of a few clips of noise."""
    for count in COUNTS[:TRIED]:
        noise = np.random.RandomState(count).randint(
            0,
            256,
            (count, *FACE),
            dtype=np.uint8,
        )
        clip = Source(count, lambda indices, noise=noise: noise[list(indices)].copy())  # type: ignore[misc]
        kept = kept_frames(clip, sampler)
        if not np.array_equal(kept, kept_frames(clip, sampler)):
            raise HarnessError(
                f"sampler {sampler.name!r} keeps other frames when it is asked again: `select` has to depend on "
                f"nothing but the frames"
            )
        yield len(kept)


def _generator(seed: int | None) -> np.random.RandomState | None:
    return None if seed is None else np.random.RandomState(seed)


def _shown(picks: np.ndarray) -> str:
    return str(picks.tolist()) if picks.size <= DEFAULTS.frames else f"numbers of shape {picks.shape}"

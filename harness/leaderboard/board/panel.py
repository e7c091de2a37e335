"""The jobs of several rows on one set of test clips, so that they can be compared clip by clip."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from harness.leaderboard.board.evidence import ABSENT, JobPredictions, facts_of_clips
from harness.statistics.resample import Outcomes

ASKED = 4  # rows beside the first one; to read all of them takes as long as the tests


@dataclass(frozen=True)
class CommonClips:
    """N test clips, fold after fold, and what each row predicted for them."""

    folds: np.ndarray  # (N,) names
    ids: np.ndarray  # (N,) names
    labels: np.ndarray  # (N,) int8
    groups: np.ndarray  # (N,) names, empty where not known
    frames: np.ndarray  # (N,) int, 0 where not known
    predicted: Mapping[str, np.ndarray]  # by row, (S, N) int8, `ABSENT` where a seed did not predict a clip
    other_clips: Mapping[str, list[str]]  # by row: how its clips differ from those of the others
    undecided: tuple[str, ...] = ()  # folds where as many rows have other clips as have these

    def hits(self, row: str) -> np.ndarray:
        """Return how many seeds named each clip rightly, (N,)."""
        return np.asarray((self.predicted[row] == self.labels).sum(0))

    def present(self, row: str) -> np.ndarray:
        """Return how many seeds predicted each clip, (N,)."""
        return np.asarray((self.predicted[row] != ABSENT).sum(0))

    def whole(self, row: str) -> bool:
        """Return whether every seed predicted exactly these clips."""
        return row in self.predicted and row not in self.other_clips and bool((self.predicted[row] != ABSENT).all())

    def group_codes(self) -> np.ndarray | None:
        """Return groups numbered from 0, (N,). A clip of unknown group is one of its own;
        None where no group is known.
        """
        if not (self.groups != "").any():
            return None
        names = np.where(
            self.groups != "",
            self.groups,
            np.char.add("\0", np.arange(len(self.ids)).astype(str)),
        )
        return np.asarray(np.unique(names.astype(str), return_inverse=True)[1])

    def outcomes(self, rows: Sequence[str]) -> Outcomes:
        """Return fraction of seeds right for each clip and row; rows must have predicted every clip."""
        right = [self.hits(row) / self.present(row) for row in rows]
        return Outcomes(
            self.labels.astype(int),
            np.stack(right, axis=1),
            self.group_codes(),
        )

    def keep(self, clips: np.ndarray) -> CommonClips:
        """Return the panel of some of the clips, given as mask or indices."""
        return replace(
            self,
            folds=self.folds[clips],
            ids=self.ids[clips],
            labels=self.labels[clips],
            groups=self.groups[clips],
            frames=self.frames[clips],
            predicted={row: values[:, clips] for row, values in self.predicted.items()},
        )


def align(
    parts: Mapping[str, Sequence[JobPredictions]], folds: Sequence[str], voters: Sequence[str] = ()
) -> CommonClips | None:
    """Put the parts of all rows on the clips that most of them have, fold by fold; None without any part.

    Where a fold has some of the `voters`, such as rows that nothing is wrong with, only those have a vote.
    """
    everything = list(itertools.chain.from_iterable(parts.values()))
    found = []
    for fold in folds:
        members = [part for part in everything if part.fold == fold]
        if members:
            found.append(_align_fold(fold, members, voters))
    if not found:
        return None
    seeds = {row: sorted({part.seed for part in parts[row]}) for row in parts if parts[row]}
    sizes = [len(fold.ids) for fold in found]
    predicted = {}
    for row, of_row in seeds.items():
        folds_of_row = [_seeds_of(fold, row, of_row) for fold in found]
        predicted[row] = np.concatenate(folds_of_row, axis=1)

    other_clips: dict[str, list[str]] = {}
    for aligned in found:
        for row, text in aligned.other_clips:
            other_clips.setdefault(row, []).append(text)
    return CommonClips(
        folds=np.repeat([fold.name for fold in found], sizes),
        ids=np.concatenate([fold.ids for fold in found]),
        labels=np.concatenate([fold.labels for fold in found]),
        groups=np.concatenate([fold.groups for fold in found]),
        frames=np.concatenate([fold.frames for fold in found]),
        predicted=predicted,
        other_clips=other_clips,
        undecided=tuple(fold.name for fold in found if not fold.agreed),
    )


@dataclass
class _Fold:
    name: str
    ids: np.ndarray  # (N,) names
    labels: np.ndarray
    groups: np.ndarray
    frames: np.ndarray
    predicted: dict[tuple[str, int], np.ndarray]  # by row and seed, (N,)
    other_clips: list[tuple[str, str]]
    agreed: bool  # whether more rows have these clips and labels than any others


def _align_fold(
    name: str,
    parts: Sequence[JobPredictions],
    voters: Sequence[str],
) -> _Fold:
    """Align the predictions of one fold.
    The clips and labels that most rows have are the reference, of equally many the larger set.
    """
    voting = [part for part in parts if part.row in voters] or parts
    votes: dict[tuple[int, bytes], set[str]] = {}
    for part in voting:
        votes.setdefault(_clips_of(part), set()).add(part.row)
    first = max(voting, key=lambda part: (len(votes[_clips_of(part)]), len(part.ids)))
    most, *others = sorted(map(len, votes.values()), reverse=True)
    agreed = not others or most > others[0]
    fold = _Fold(
        name,
        first.ids,
        first.labels,
        *_facts(first, parts),
        predicted={},
        other_clips=[],
        agreed=agreed,
    )
    for part in parts:
        fold.predicted[part.row, part.seed] = _onto(fold, part)
    return fold


def _clips_of(part: JobPredictions) -> tuple[int, bytes]:
    """Return a key that is equal for parts of equal clips with equal labels."""
    return id(part.ids), part.labels.tobytes()


def _facts(first: JobPredictions, parts: Sequence[JobPredictions]) -> tuple[np.ndarray, np.ndarray]:
    """Return groups and frames as a part of the same clips tells them;
    a few rows are asked until one knows the groups.
    """
    others = {part.row: part for part in reversed(parts) if part.ids is first.ids and part.row != first.row}
    own = facts_of_clips(first)
    asked = [] if (own[0] != "").any() else list(others.values())[:ASKED]
    told = (facts_of_clips(part) for part in asked)
    return next(((groups, frames) for groups, frames in told if (groups != "").any()), own)


def _onto(fold: _Fold, part: JobPredictions) -> np.ndarray:
    """Return the predictions of a part for the clips of the fold; what does not fit is noted."""
    if part.ids is fold.ids:
        labels, predicted, extra = part.labels, part.predicted, 0
    else:
        places = pd.Index(part.ids).get_indexer(fold.ids)
        known = places >= 0
        labels, predicted = (np.where(known, values[places], ABSENT) for values in (part.labels, part.predicted))
        extra = len(part.ids) - int(known.sum())
    where = f"fold {fold.name} seed {part.seed}"
    lacking = int((predicted == ABSENT).sum())
    relabelled = int(((labels != fold.labels) & (predicted != ABSENT)).sum())
    for count, what in (
        (lacking, "has no prediction for {} that other results have"),
        (extra, "predicts {} that other results do not have"),
        (relabelled, "has {} under another label than other results"),
    ):
        if count:
            clips = "1 test clip" if count == 1 else f"{count} test clips"
            fold.other_clips.append((part.row, f"{where} {what.format(clips)}"))
    return np.asarray(predicted, dtype=np.int8)


def _seeds_of(
    fold: _Fold,
    row: str,
    seeds: Sequence[int],
) -> np.ndarray:
    absent = np.full(
        len(fold.ids),
        ABSENT,
        dtype=np.int8,
    )
    return np.stack([fold.predicted.get((row, seed), absent) for seed in seeds])

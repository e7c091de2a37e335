"""Which jobs are run again: at least one of each row, drawn with a salt that nobody knew when the results were made."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Mapping, Sequence

from harness.core.errors import BadOption

SALT_BYTES = 16


def new_salt() -> str:
    """Return a salt from the machine's source of randomness, which no forger can have known."""
    return secrets.token_hex(SALT_BYTES)


def drawn_per_row(
    asked: str,
    sizes: Mapping[str, int],
    salt: str,
) -> dict[str, int]:
    """Return how many jobs of each row are drawn; at least one, whatever is asked for.

    Args:
        asked: "5%", of the jobs of each row, rounded up; or "40", of all rows together, in proportion to their jobs.
        sizes: jobs of each row.
        salt: decides which rows get what is left of a number after the division.

    Raises:
        BadOption: neither a percentage of 0 to 100 nor a positive number.
    """
    if asked.endswith("%"):
        share = _percent(asked)
        return {row: max(1, math.ceil(share * size / 100 - 1e-9)) for row, size in sizes.items()}
    rest = max(0, _count(asked) - len(sizes))
    spare = {row: size - 1 for row, size in sizes.items()}
    whole = max(1, sum(spare.values()))
    counts = {row: 1 + min(more, rest * more // whole) for row, more in spare.items()}
    left = rest - sum(counts.values()) + len(sizes)
    for row in _shuffled(list(sizes), salt):
        if left > 0 and counts[row] < sizes[row]:
            counts[row] += 1
            left -= 1
    return counts


def draw(
    jobs: Mapping[str, Sequence[str]],
    counts: Mapping[str, int],
    salt: str,
) -> dict[str, list[str]]:
    """Return the ids that are drawn of each row: those whose hash with the salt is least.

    Every set of so many jobs is equally likely, and anybody who knows the salt draws the same.
    """
    return {row: _shuffled(ids, salt)[: counts[row]] for row, ids in jobs.items()}


def chance(
    jobs: int,
    drawn: int,
    forged: int = 1,
) -> float:
    """Return the probability that a sample of a row holds at least one of its forged jobs (hypergeometric)."""
    return 1 - math.comb(jobs - forged, drawn) / math.comb(jobs, drawn)


def _shuffled(names: Sequence[str], salt: str) -> list[str]:
    return sorted(names, key=lambda name: hashlib.sha256(f"{salt}\n{name}".encode()).digest())


def _percent(asked: str) -> float:
    try:
        share = float(asked.removesuffix("%"))
    except ValueError:
        share = -1
    if not 0 < share <= 100:
        raise BadOption(f"--jobs {asked!r} is no percentage above 0 and up to 100, as in --jobs 5%")
    return share


def _count(asked: str) -> int:
    if not asked.isascii() or not asked.isdigit() or int(asked) < 1:
        raise BadOption(f"--jobs {asked!r} is neither a percentage nor a number of jobs, as in --jobs 5% or --jobs 40")
    return int(asked)

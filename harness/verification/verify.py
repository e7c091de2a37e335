"""A verification from stored results to `verified.json`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from harness.analysis.select import RunPlaces
from harness.core.digest import digest
from harness.core.errors import BadOption, CannotWrite, HarnessError
from harness.core.events import Say, say_nothing
from harness.core.text import first_few
from harness.core.version import __version__
from harness.leaderboard.board.notes import full_name
from harness.plugin import registry
from harness.results.predictions import read_predictions
from harness.results.provenance import commit, hardware, now, package_versions
from harness.results.store import open_stores
from harness.results.verified import FILE, RowAgain, add_verification
from harness.system.folders import cache_folder
from harness.verification import likeness
from harness.verification.again import Again, Progress, run_again
from harness.verification.draw import chance
from harness.verification.drawn import Drawn, draw_jobs, forget_draw, note_draw
from harness.verification.likeness import Likeness, Outcome

NAMED = 3


@dataclass(frozen=True)
class Asked:
    """A verification as it is asked for.

    Attributes:
        jobs: "5%" of each row, or a number of all rows; at least one of each row.
        rows: names or hashes of rows; empty: all.
        salt: of an earlier draw, to repeat it; None: a new one.
        out: folder for what is run again.
        executor: inline or ray.
    """

    jobs: str
    rows: Sequence[str]
    salt: str | None
    out: Path
    executor: str = "inline"


def verify(
    where: RunPlaces,
    asked: Asked,
    progress: Progress,
    say: Say = say_nothing,
) -> dict[str, Any]:
    """Run a sample of stored jobs again, compare, and write `verified.json` beside the results, which is returned.

    Raises:
        HarnessError: there is nothing to verify, an unknown row, or nothing can be written.
    """
    if asked.out.resolve() in [root.resolve() for root in where.roots]:
        raise BadOption(f"--out {asked.out} holds the results themselves; name a folder of its own")
    if where.roots[0].is_dir() and not os.access(where.roots[0], os.W_OK):
        raise CannotWrite(f"cannot write {where.roots[0] / FILE}: verify a copy of the folder, or let it be written to")
    store = open_stores(where.roots)
    drawn = draw_jobs(
        store,
        asked.jobs,
        asked.rows,
        asked.salt,
        asked.out,
    )
    for path, why in store.left_out.items():
        say(f"left out: {path}: {why}")
    for line in told(drawn):
        say(line)
    note_draw(asked.out, drawn)
    results = list(chain.from_iterable(drawn.results.values()))
    again = run_again(
        results,
        where,
        asked.out,
        asked.executor,
        progress,
    )
    found = {}
    for result in results:
        found[result["id"]] = _compared(result, again[result["id"]])
    record = _record(drawn, found)
    add_verification(where.roots[0], record)
    forget_draw(asked.out)
    return record


def own_folder(root: Path) -> Path:
    """Return where jobs of a runs folder are run again: in the verifier's cache.

    Beside the results whoever made them could have put there a draw that was broken off, and second runs of it.
    """
    return cache_folder() / "again" / digest(str(root.resolve()))


def told(drawn: Drawn) -> Iterator[str]:
    """Yield what is drawn, with which salt, and how likely a forged job would be among it."""
    jobs = sum(map(len, drawn.results.values()))
    rows = "1 row" if len(drawn.rows) == 1 else f"{len(drawn.rows)} rows"
    yield f"salt {drawn.salt}: {jobs} of {sum(drawn.sizes.values())} jobs of {rows} are run again"
    kinds = sorted({(drawn.sizes[row], len(of_row)) for row, of_row in drawn.results.items()})
    for size, count in kinds:
        found = chance(size, count)
        yield (
            f"rows of {size} jobs, {count} drawn: one forged job is found with a chance of {100 * found:.1f} %, "
            f"a row forged throughout always"
        )


def _compared(stored: Mapping[str, Any], again: Again) -> Likeness:
    """Compare a stored result with its second run."""
    if again.result is None:
        return Likeness("cannot", reason=again.reason)
    classes = stored["classes"]
    try:
        first = read_predictions(stored["path"], classes)
        second = read_predictions(again.result["path"], classes)
    except HarnessError as error:
        return Likeness("cannot", reason=str(error))
    made = stored.get("provenance"), again.result.get("provenance")
    found = likeness.compare(
        first,
        second,
        exact=likeness.same_kind(*made),
        slack=likeness.slack_between(*made),
    )
    own = registry.method(stored["method"])
    if found.outcome == "differs" and stored["plugin"].get("source_sha256") != own.source_sha256:
        reason = f"made by other source of the plugin than the registered one, which predicts otherwise: {found.reason}"
        return replace(found, outcome="cannot", reason=reason)
    return found


def _record(drawn: Drawn, found: Mapping[str, Likeness]) -> dict[str, Any]:
    jobs, rows = [], {}
    for row, of_row in drawn.results.items():
        rows[row] = _row(
            drawn,
            row,
            [found[result["id"]] for result in of_row],
        )
        for result in of_row:
            about = {
                "id": result["id"],
                "name": full_name(drawn.rows[row]),
                "row": row,
                "dataset": result["dataset"],
                "fold": str(result["fold"]),
                "seed": result["seed"],
            }
            jobs.append({**about, **asdict(found[result["id"]])})
    return {
        "draw": drawn.name,
        "salt": drawn.salt,
        "asked": drawn.asked,
        "finished": now(),
        "harness": __version__,
        "source": commit(),
        "hardware": hardware(),
        "packages": package_versions(),
        "tolerance": {"logits": likeness.LOGITS, "clips": likeness.CLIPS, "other_gpu": likeness.OTHER_GPU},
        "rows": rows,
        "jobs": jobs,
    }


def _row(
    drawn: Drawn,
    row: str,
    found: Sequence[Likeness],
) -> RowAgain:
    outcomes = [one.outcome for one in found]
    worst: Outcome = "differs" if "differs" in outcomes else "cannot" if "cannot" in outcomes else "alike"
    reasons = dict.fromkeys(one.reason for one in found if one.outcome == worst and one.reason)
    return {
        "content": drawn.contents[row],
        "name": full_name(drawn.rows[row]),
        "dataset": str(drawn.rows[row]["dataset"]),
        "jobs": drawn.sizes[row],
        "drawn": len(found),
        "chance": chance(drawn.sizes[row], len(found)),
        "outcome": worst,
        "reason": first_few(list(reasons), NAMED),
    }

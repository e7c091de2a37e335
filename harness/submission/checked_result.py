"""A `result.json` from a stranger: parsed by rules of our own, and held to what its id and its place say."""

from __future__ import annotations

from typing import Any

from harness.core.job import JobSpec
from harness.core.text import first_line
from harness.results.records import job_of
from harness.results.schema import fault
from harness.results.store import SCHEMA
from harness.submission import form, layout, limits, places, plain_json
from harness.submission.limits import Refused


def checked(content: bytes, folder: str) -> dict[str, Any]:
    """Return a result of the right form that is what its id says and lies where it should.

    Args:
        content: of a `result.json`.
        folder: of the bundle in which it lies.

    Raises:
        Refused: it is none.
    """
    result = plain_json.parse(content)
    _check_form(result)
    job = _job(result)
    where = layout.folder_of(job)
    if job.protocol.hash != result["protocol_hash"]:
        raise Refused(f"says that its protocol's hash is {result['protocol_hash'][:80]!r}; it is {job.protocol.hash}")
    if where != folder:
        raise Refused(f"belongs into {where}")
    for name, text in places.found_in(result):
        raise Refused(f"{name} holds {text[:80]!r}, an absolute path of a machine")
    return result


def _check_form(result: dict[str, Any]) -> None:
    if result.get("schema") != SCHEMA:
        raise Refused(f"has schema {str(result.get('schema'))[:80]!r}; this version reads {SCHEMA}")
    wrong = fault(result) or form.fault(result)
    if wrong:
        raise Refused(f"is no result ({wrong})")
    classes = result["protocol"]["classes"]
    if len(set(classes)) < len(classes) or len(classes) > limits.COLUMNS // 2 or "path" in result:
        raise Refused("names a class twice, too many classes, or a place of its own")
    if result["status"] != "done" or result.get("quick"):
        raise Refused("is not the result of a finished, full run")


def _job(result: dict[str, Any]) -> JobSpec:
    """Return the job that a result is of. Raises: Refused."""
    try:
        job = job_of(result)
        layout.folder_of(job)
    except Exception as error:  # whatever the values of a stranger do to the types of a job
        raise Refused(f"is not the result of the job that its id stands for ({first_line(error)})") from error
    return job

"""The paper's tables, to be run."""

from harness import StudySpec

STUDIES: tuple[StudySpec, ...] = ()

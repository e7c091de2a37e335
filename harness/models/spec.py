"""A method as a plugin offers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from harness.core import options
from harness.core.frame_input import FrameInput
from harness.core.lazy import load_object
from harness.core.options import NoOptions

if TYPE_CHECKING:
    from harness.models.method import Method, Task


# What a method reads from the feature cache: lets a run encode it beforehand, in parallel.
Features = Literal["none", "test", "train+test"]


@dataclass(frozen=True)
class MethodSpec:
    """A method of the benchmark: the 'model' hook. `build(task, options)` returns a `harness.models.method.Method`."""

    name: str
    version: str
    build: str | Callable[[Task, Any], Method]  # or "module:Class", so that listing imports no torch
    options: type = NoOptions  # a frozen dataclass of typed options
    input: FrameInput = FrameInput()  # noqa: RUF009  (frozen)
    features: Features = "none"
    gpus: float = 1.0  # that a job asks for where there are any; a fraction shares one
    summary: str = ""
    paper: str = ""
    published: str = ""  # key of leaderboards/published
    demo: Mapping[str, Any] = field(default_factory=dict)  # overrides that make a short recipe for the demo

    def __post_init__(self) -> None:
        if self.gpus < 0 or (self.gpus > 1 and self.gpus != int(self.gpus)):
            raise ValueError(f"method {self.name!r}: gpus={self.gpus:g} is neither a fraction nor a whole number")

    def settle(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], FrameInput]:
        """Return options and frame input: flat `values` (`NAME`, `input.NAME`) over the method's own.

        Raises:
            BadOption: there is no such option, or a value does not fit it.
        """
        own = {name: value for name, value in values.items() if not name.startswith("input.")}
        seen = {name.removeprefix("input."): value for name, value in values.items() if name.startswith("input.")}
        settled = asdict(options.build(self.options, own, self.name))
        return settled, options.build(
            FrameInput,
            seen,
            f"{self.name}.input",
            base=self.input,
        )

    def construct(
        self,
        task: Task,
        values: Mapping[str, Any],
    ) -> Method:
        """Return the method's module with these options. Raises: BadOption."""
        build: Callable[[Task, Any], Method] = load_object(self.build) if isinstance(self.build, str) else self.build
        return build(task, options.build(self.options, values, self.name))

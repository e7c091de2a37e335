"""Where in a plugin's own files something stands that has to be mended."""

from __future__ import annotations

import inspect
import traceback
from functools import partial
from pathlib import Path
from types import FrameType, FunctionType, MethodType, ModuleType

from harness.core.lazy import load_object
from harness.core.registered import Registered
from harness.models.spec import MethodSpec

Definition = ModuleType | type | FunctionType | MethodType


class Sources:
    """The files of one method: that of its plugin, and that of what builds it; of a package, its folder."""

    def __init__(self, offer: Registered[MethodSpec], plugin: object) -> None:
        """Take the method and its plugin, a module or an object."""
        self.spec = offer.spec
        self.plugin = plugin
        self.files = {file for file in (file_of(plugin), file_of(self._builder())) if file}

    def hold(self, name: str) -> bool:
        """Return whether a file is one of the method's own."""
        path = Path(name)
        return any(path == file or _in_package(path, file) for file in self.files)

    def of_error(self, error: BaseException) -> str:
        """Return the deepest own line that an error came through; empty if it came through none."""
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if self.hold(frame.filename)]
        if own:
            return f"{Path(own[-1].filename).name}:{own[-1].lineno}"
        if isinstance(error, SyntaxError) and error.filename and self.hold(error.filename):
            return f"{Path(error.filename).name}:{error.lineno}"
        return self.of_error(error.__cause__) if error.__cause__ else ""

    def of_stack(self, frame: FrameType | None) -> str:
        """Return the innermost own line of a stack; empty if there is none."""
        while frame is not None:
            if self.hold(frame.f_code.co_filename):
                return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            frame = frame.f_back
        return ""

    def of_function(self, owner: object, name: str) -> str:
        """Return where a class defines a function, if that is in the method's own files; else where the class is."""
        for found in (getattr(owner, name, None), owner, self._builder()):
            file, line = file_of(found), line_of(found)
            if file and line and self.hold(str(file)):
                return f"{file.name}:{line}"
        return self.of_hook("register_methods")

    def of_hook(self, name: str) -> str:
        """Return where the plugin's hook is."""
        found = getattr(self.plugin, name, None)
        file, line = file_of(found), line_of(found)
        return f"{file.name}:{line}" if file and line else ""

    def of_text(self, text: str) -> str:
        """Return the first own line that holds some text; empty if none does."""
        for file in sorted(self.files):
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                if text in line:
                    return f"{file.name}:{number}"
        return ""

    def _builder(self) -> object:
        if not isinstance(self.spec.build, str):
            return self.spec.build
        try:
            found: object = load_object(self.spec.build)
        except Exception:  # building it says so
            return None
        return found


def file_of(thing: object) -> Path | None:
    """Return the file that defines a module, a class, a function or the class of an object."""
    found = _definition(thing)
    if found is None:
        return None
    try:
        return Path(inspect.getfile(found))
    except (OSError, TypeError):
        return None  # written at a prompt, or in C


def line_of(thing: object) -> int:
    """Return the line where a class or a function starts; 0 where it is not known."""
    found = _definition(thing)
    if found is None or isinstance(found, ModuleType):
        return 0
    try:
        return inspect.getsourcelines(found)[1]
    except (OSError, TypeError):
        return 0


def _definition(thing: object) -> Definition | None:
    while isinstance(thing, partial):
        thing = thing.func
    if thing is None:
        return None
    return thing if isinstance(thing, ModuleType | type | FunctionType | MethodType) else type(thing)


def _in_package(path: Path, file: Path) -> bool:
    return file.name == "__init__.py" and file.parent in path.parents

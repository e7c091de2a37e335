"""Import a plugin of one file."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

PREFIX = "harness_plugin_"  # of the names of modules


class _FromSource(SourceFileLoader):
    """Compiles a file as it is: Python's own cache overlooks an edit of the same second that keeps the length."""

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def import_file(path: Path) -> ModuleType:
    """Import a Python file under a name of its own, so that it can be pickled and hashed."""
    name = PREFIX + path.stem
    spec = importlib.util.spec_from_file_location(
        name,
        path,
        loader=_FromSource(name, str(path)),
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module

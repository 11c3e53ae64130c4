"""From where workflow files import: their own folder and their project's, without hiding anything.

A workflow file imports what lies beside it, and what lies in the root of its project, as it does under
`python -m` and pytest. But it is no script: a file calendar.py beside it is a workflow, and whoever
imports `calendar` means Python's. So modules of Python come first, then helpers that begin with `_`,
then what is installed, then the folder, then the project.

Each folder has helpers of its own: while the files of one are imported, those of another are out of
`sys.modules`. What is the user's own is compiled from its source (`modules.py`).
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import FrameType, ModuleType

from studio.language.modules import FromSource, forget, is_own, module_of, put, stale

_kept: dict[str, dict[str, ModuleType]] = {}
"""By folder, the modules that were found there, by their names."""
_displaced: dict[str, dict[str, ModuleType]] = {}
"""The same, of those in whose place another folder's module of the name stands in `sys.modules` now."""
_packages: dict[str, set[str]] = {}
"""By folder, the modules at the top level that were found there."""


@dataclass(frozen=True)
class ImportPath:
    """Where the workflow files of one folder import from."""

    folder: str
    roots: tuple[str, ...]
    """Of the project, the nearest first."""

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """All of them, in the order in which they are looked at."""
        return tuple(dict.fromkeys((self.folder, *self.roots)))


def import_path(folder: Path, start: Path) -> ImportPath:
    """Where the workflow files of a folder import from.

    The project's roots are what holds the workflows folder, unless that is a package; the folder with the
    pyproject.toml; and the folder that a command was started in, when it is above.

    Args:
        start: the working folder when it all began.
    """
    above = (folder, *folder.parents)
    roots = [] if (folder.parent / "__init__.py").exists() else [folder.parent]
    roots += [each for each in above if (each / "pyproject.toml").is_file()][:1]
    roots += [start] if start in above else []
    return ImportPath(str(folder), tuple(dict.fromkeys(str(root) for root in roots if root != folder)))


@contextmanager
def importing(path: ImportPath) -> Iterator[None]:
    """Let imports find what is the user's own there, and nothing that is another folder's own."""
    finder = _Finder(path)
    others = {
        folder: {name: module for name, module in modules.items() if sys.modules.get(name) is module}
        for folder, modules in _kept.items()
        if folder not in path.folders
    }
    for name in (name for modules in others.values() for name in modules):
        forget(name)
    for folder in path.folders:
        put(_displaced.pop(folder, {}))
    sys.meta_path.insert(0, finder)
    # What was not there at the last import may be there now.
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _keep(path)
        for folder, modules in others.items():
            put({name: module for name, module in modules.items() if name not in sys.modules})
            if gone := {name: module for name, module in modules.items() if sys.modules[name] is not module}:
                _displaced[folder] = {**_displaced.get(folder, {}), **gone}
        _late.add(path)


def begin_anew(path: ImportPath) -> None:
    """Let the helpers of a folder be imported anew, and of its project what reads otherwise now."""
    with importing(path):
        for name in _kept.get(path.folder, {}):
            forget(name)
        for root in path.roots:
            modules = {n: own for n, m in _kept.get(root, {}).items() if (own := module_of(m)) is not None}
            for name in stale(modules):
                forget(name)


def _keep(path: ImportPath) -> None:
    for folder in path.folders:
        packages = _packages.get(folder, ())
        _kept[folder] = {n: m for n, m in list(sys.modules.items()) if n.partition(".")[0] in packages}


class _Finder(MetaPathFinder):
    """Finds the user's own modules, in the order that the module's docstring gives."""

    def __init__(self, path: ImportPath) -> None:
        self._path = path

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None:
            return _from_source(fullname, PathFinder.find_spec(fullname, path, target))
        if fullname in sys.stdlib_module_names:
            return None
        if fullname.startswith("_") and (found := self.own(fullname)) is not None:
            return found
        elsewhere = _elsewhere(fullname)
        if elsewhere is not None and elsewhere.loader is not None and not is_own(elsewhere.origin):
            # Installed: whoever would find it anyway does.
            return None
        found = self.own(fullname)
        if found is not None and (found.loader is not None or elsewhere is None):
            return found
        return _from_source(fullname, elsewhere)

    def own(self, fullname: str) -> ModuleSpec | None:
        """What is there by this name: a module, a package, or at last a folder without `__init__.py`."""
        for folder in self._path.folders:
            spec = PathFinder.find_spec(fullname, [folder])
            if spec is not None and spec.loader is not None:
                _packages.setdefault(folder, set()).add(fullname)
                return _from_source(fullname, spec) or spec
        spec = PathFinder.find_spec(fullname, list(self._path.folders))
        if spec is not None and spec.submodule_search_locations:
            _packages.setdefault(os.path.dirname(next(iter(spec.submodule_search_locations))), set()).add(
                fullname
            )
        return spec


class _LateFinder(MetaPathFinder):
    """Finds what a function of the user's imports when it is called, which nobody else has found.

    It stands last, and answers files of workflow folders and their projects only.
    """

    def __init__(self) -> None:
        self._paths: list[ImportPath] = []
        self._lock = threading.Lock()

    def add(self, path: ImportPath) -> None:
        """Answer the files of this path, too."""
        with self._lock:
            if path not in self._paths:
                self._paths = [*self._paths, path]
            if self not in sys.meta_path:
                sys.meta_path.append(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None:
            return None
        found = self._path_of(sys._getframe(1))
        spec = None if found is None else _Finder(found).own(fullname)
        return None if spec is None or spec.loader is None else spec

    def _path_of(self, frame: FrameType | None) -> ImportPath | None:
        """Of the innermost function of the user's that is being called: it, or a library for it, imports."""
        while frame is not None:
            file = frame.f_code.co_filename
            # A folder's own before the project that holds it.
            for each in self._paths:
                if file.startswith(each.folder + os.sep):
                    return each
            for each in self._paths:
                if is_own(file) and any(file.startswith(root + os.sep) for root in each.roots):
                    return each
            frame = frame.f_back
        return None


_late = _LateFinder()


def _elsewhere(fullname: str) -> ModuleSpec | None:
    """What Python would find without us."""
    for finder in sys.meta_path:
        if isinstance(finder, _Finder | _LateFinder) or not hasattr(finder, "find_spec"):
            continue
        if (spec := finder.find_spec(fullname, None)) is not None:
            return spec
    return None


def _from_source(fullname: str, spec: ModuleSpec | None) -> ModuleSpec | None:
    """The same, compiled from its source; None for what is not the user's own."""
    if spec is None or not isinstance(spec.loader, SourceFileLoader) or not is_own(spec.origin):
        return None
    spec.loader = FromSource(fullname, spec.origin or "")
    return spec

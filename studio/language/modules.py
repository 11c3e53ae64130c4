"""Modules of the user's own that workflow files import: read from source, and told by what it says.

Python keeps compiled modules in `__pycache__` and takes them for current by whole seconds and
by size: two saves within one second would give the first again. So what is the user's own is
compiled from its source each time that it is imported, and remembers that source.
"""

from __future__ import annotations

import ast
import importlib.util
import linecache
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from studio.text import syntax

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_STDLIB = os.path.realpath(os.path.dirname(os.__file__)) + os.sep


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the user's own, as it was imported."""

    name: str
    path: str
    text: str


def is_own(path: str | None) -> bool:
    """Whether a file is the user's: no part of Python, of an installed package or of this program."""
    if not path or not path.endswith(".py"):
        return False
    if path.startswith(_HERE) or "site-packages" in path or "dist-packages" in path:
        return False
    return not os.path.realpath(path).startswith(_STDLIB)


def remember_lines(path: str, text: str) -> None:
    """Let tracebacks show the lines that run, also when the file has been edited since."""
    # Without a time of change `linecache.checkcache` leaves an entry as it is.
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)


class FromSource(SourceFileLoader):
    """Compiles a module from its source, and keeps the source."""

    text = ""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        data = self.get_data(path)
        self.text = importlib.util.decode_source(data)
        remember_lines(path, self.text)
        code: CodeType = self.source_to_code(data, path)
        return code


def own_modules(text: str, package: str = "") -> dict[str, Module]:
    """The user's own modules that a source imports, and those that these import; by name.

    Only modules that are imported already are looked at.
    """
    found: dict[str, Module] = {}
    todo = [(text, package)]
    while todo:
        for name in imported(*todo.pop()):
            module = sys.modules.get(name)
            if name in found or module is None:
                continue
            known = module_of(module)
            if known is not None:
                found[name] = known
                todo.append((known.text, module.__package__ or ""))
    return dict(sorted(found.items()))


def module_of(module: ModuleType) -> Module | None:
    """A module with the source that it was made of; None when it is not the user's own."""
    path = getattr(module, "__file__", None)
    if not is_own(path):
        return None
    loader = getattr(module, "__loader__", None)
    if isinstance(loader, FromSource):
        return Module(module.__name__, path or "", loader.text)
    # The application imported it before; its file says best what it is.
    return Module(module.__name__, path or "", read_text(path or "") or "")


def read_text(path: str | Path) -> str | None:
    """The source in a file as it is now; None when there is none."""
    try:
        return importlib.util.decode_source(Path(path).read_bytes())
    except (OSError, SyntaxError, UnicodeDecodeError, LookupError):
        return None


def imported(text: str, package: str = "") -> set[str]:
    """Names of modules that a source may mean in its imports."""
    try:
        tree = syntax.module(text)
    except (SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found |= _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*(part for part in parts if part), *([base] if base else [])])
            if base:
                found |= _with_parents(base)
            found |= {f"{base}.{alias.name}".lstrip(".") for alias in node.names}
    return found


def _with_parents(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[: at + 1]) for at in range(len(parts))}


@contextmanager
def without(names: Iterable[str]) -> Iterator[None]:
    """Let modules be imported anew; when that comes to nothing, what was is there again."""
    taken = {name: sys.modules[name] for name in names if name in sys.modules}
    for name in taken:
        forget(name)
    try:
        yield
    except BaseException:
        put(taken)
        raise


def forget(name: str) -> None:
    """Take a module out, so that it is imported anew."""
    module = sys.modules.pop(name, None)
    parent, _, child = name.rpartition(".")
    # `from package import module` takes the attribute when it is there, and imports nothing.
    if parent in sys.modules and vars(sys.modules[parent]).get(child) is module:
        delattr(sys.modules[parent], child)


def put(modules: Mapping[str, ModuleType]) -> None:
    """Let imports find these modules."""
    for name, module in modules.items():
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent in sys.modules:
            setattr(sys.modules[parent], child, module)


def stale(modules: Mapping[str, Module]) -> set[str]:
    """Which of these modules read otherwise in their files now, and those that import such ones."""
    changed = {name for name, module in modules.items() if read_text(module.path) != module.text}
    while True:
        more = {
            name
            for name, module in modules.items()
            if name not in changed and changed & imported(module.text, _package(name))
        }
        if not more:
            return changed
        changed |= more


def _package(name: str) -> str:
    module: Any = sys.modules.get(name)
    return getattr(module, "__package__", None) or name.rpartition(".")[0]


class _KeptFinder(MetaPathFinder, Loader):
    """Finds modules in sources that were kept, not in their files."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self._modules = {module.name: module for module in modules}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        module = self._modules.get(fullname)
        if module is None:
            return None
        is_package = os.path.basename(module.path) == "__init__.py"
        return importlib.util.spec_from_loader(fullname, self, origin=module.path, is_package=is_package)

    def exec_module(self, module: ModuleType) -> None:
        kept = self._modules[module.__name__]
        exec(compile(kept.text, kept.path, "exec", dont_inherit=True), vars(module))


@contextmanager
def importing_kept(modules: Sequence[Module]) -> Iterator[None]:
    """Let imports find these modules as they were, and after that those that are loaded now."""
    names = [module.name for module in modules]
    finder = _KeptFinder(modules)
    before = {name: sys.modules[name] for name in names if name in sys.modules}
    for name in names:
        forget(name)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in names:
            forget(name)
        put(before)

"""Import workflow files, say which do not load, and why, at their line; and import them again.

A `Library` keeps what it has loaded. When a file, or a module of the user's own that it
imports, reads otherwise, just that is imported anew; of a file that does not load the last
good version goes on.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from studio.definition import Workflow
from studio.errors import WorkflowError
from studio.modules import (
    Module,
    importing,
    importing_kept,
    module_of,
    own_modules,
    read_text,
    remember_lines,
    stale,
    without,
)

Source = str | Path | Workflow | Iterable["str | Path | Workflow"]
PREFIX = "studio_workflows."
"""Before a file's name: what its module is called."""


@dataclass(slots=True)
class Loaded:
    """What folders and files of workflows hold."""

    workflows: dict[str, Workflow] = field(default_factory=dict)
    problems: list[WorkflowError] = field(default_factory=list)
    """Files that did not load; the others go on."""


@dataclass(slots=True)
class _File:
    """A workflow file as it was imported last."""

    text: str | None
    """None: it could not be read, or did not load."""
    modules: dict[str, Module]
    workflows: list[Workflow]
    """Of its last good version."""
    problem: WorkflowError | None = None


_lock = threading.RLock()
"""Imports look at what stands in `sys.path` and `sys.modules` meanwhile: one at a time."""
_helpers: list[str] = []
"""Modules that the workflow files loaded last have imported from their own folder."""


class Library:
    """The workflows of folders, files and functions, and how they were imported.

    Args:
        source: a path, a workflow, or several of either.

    Raises:
        WorkflowError: one of them is a function without @workflow.
    """

    def __init__(self, source: Source) -> None:
        self.parts = list(_parts(source))
        self.loaded = Loaded()
        self._files: dict[Path, _File] = {}

    @property
    def paths(self) -> list[Path]:
        """The folders and files among what was given."""
        return [part for part in self.parts if isinstance(part, Path)]

    @property
    def folders(self) -> set[Path]:
        """The folders in which something that matters may change."""
        found = {path if path.is_dir() else path.parent for path in self.paths}
        for file in self._files.values():
            found |= {Path(module.path).parent for module in file.modules.values()}
        return {path.absolute() for path in found}

    def signature(self) -> dict[str, str | None]:
        """What the files and the modules they import say now, by their paths."""
        paths = {str(file) for path in self.paths for file in _files(path)}
        for file in self._files.values():
            paths |= {module.path for module in file.modules.values()}
        if self.loaded.problems:
            # What is missing may be put beside what is there.
            paths |= {str(file) for folder in self.folders for file in folder.glob("*.py")}
        return {path: read_text(path) for path in sorted(paths)}

    def load(self) -> Loaded:
        """Import what is not known, or reads otherwise than when it was imported."""
        with _lock:
            fresh = not self._files
            if fresh:
                # Helpers are imported anew: those of another folder may have the same names, and
                # those of this one may have been edited.
                for name in _helpers:
                    sys.modules.pop(name, None)
                _helpers.clear()
            known = set(sys.modules)
            self._import()
            self.loaded = self._collect()
            _helpers.extend(
                name
                for name in set(sys.modules) - known
                if any(_is_helper(name, path) for path in self.paths)
            )
            return self.loaded

    def _import(self) -> None:
        """Import the files whose text, or whose modules' text, is another than it was."""
        modules = {name: module for file in self._files.values() for name, module in file.modules.items()}
        changed = stale(modules)
        kept: dict[Path, _File] = {}
        todo = []
        for path in self.paths:
            for file in _files(path):
                last = self._files.get(file)
                known = last is not None and last.text is not None and last.text == read_text(file)
                if not known or (last is not None and changed & set(last.modules)):
                    todo.append(file)
                if last is not None:
                    kept[file] = last
                else:
                    kept[file] = _File(None, {}, [])
        # Once for all files: those that share a module share it again.
        renewed: set[str] = set()
        for file in todo:
            last = kept[file]
            mine = (changed & set(last.modules)) - renewed
            try:
                with without(mine):
                    workflows = import_file(file)
            except WorkflowError as error:
                kept[file] = _File(None, self._modules_met(file, last), last.workflows, error)
                continue
            renewed |= mine
            text = workflows[0].source if workflows else read_text(file)
            modules = own_modules(text or "")
            for workflow in workflows:
                workflow.modules = tuple(modules.values())
            kept[file] = _File(text, modules, workflows)
        self._files = kept

    def _modules_met(self, file: Path, last: _File) -> dict[str, Module]:
        """What a file that did not load imports, as far as it came: mending that may mend it."""
        return {**last.modules, **own_modules(read_text(file) or "")}

    def _collect(self) -> Loaded:
        """All workflows, each name once: first come those that had the name already."""
        loaded = Loaded()
        before = self.loaded.workflows
        for part in self.parts:
            if isinstance(part, Workflow):
                add(loaded, part)
                continue
            files = _files(part)
            if not files and part.is_dir():
                loaded.problems.append(_nothing(part, "there is no workflow file in this folder"))
            elif not files:
                loaded.problems.append(_nothing(part, "there is no such file or folder"))
            for file in sorted(files, key=lambda each: (not self._had(each, before), files.index(each))):
                self._add_file(loaded, file, part, before)
        return loaded

    def _had(self, file: Path, before: dict[str, Workflow]) -> bool:
        return any(workflow.path == str(file) for workflow in before.values())

    def _add_file(self, loaded: Loaded, file: Path, part: Path, before: dict[str, Workflow]) -> None:
        state = self._files[file]
        if state.problem is not None:
            loaded.problems.append(state.problem)
        elif not state.workflows and part.is_file():
            loaded.problems.append(_nothing(part, "there is no workflow in this file"))
        count = len(loaded.problems)
        taken = dict(loaded.workflows)
        for workflow in state.workflows:
            add(loaded, workflow)
        good = [workflow for workflow in before.values() if workflow.path == str(file)]
        if len(loaded.problems) > count and good:
            # A name that is there twice: the last good version of the file goes on.
            loaded.workflows = taken
            for workflow in good:
                loaded.workflows.setdefault(workflow.name, workflow)


def load(path: str | Path) -> Loaded:
    """Import every workflow file of a folder, or one file.

    Files whose name begins with `_` or `.` are left out; they are for helpers that
    the workflows import. The folder itself is importable while they load.
    """
    return Library(path).load()


def collect(source: Source) -> Loaded:
    """Workflows from what an engine is given: a path, a workflow, or several of either."""
    return Library(source).load()


def _parts(source: Source) -> Iterator[Path | Workflow]:
    if isinstance(source, str | Path):
        yield Path(source)
    elif isinstance(source, Workflow):
        yield source
    elif callable(source):
        raise WorkflowError(
            f"{getattr(source, '__name__', source)!r} is no workflow", fix="Put @workflow above it."
        )
    else:
        for part in source:
            yield from _parts(part)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(f for f in path.glob("*.py") if not f.name.startswith(("_", ".")))
    else:
        found = [path] if path.exists() else []
    return [file.absolute() for file in found]


def add(loaded: Loaded, workflow: Workflow) -> None:
    """Take a workflow in, unless another has its name: then neither is guessed, the first stays."""
    other = loaded.workflows.get(workflow.name)
    if other is None:
        loaded.workflows[workflow.name] = workflow
    elif other is not workflow:
        loaded.problems.append(
            WorkflowError(
                f'the workflow "{workflow.name}" is there twice; '
                f"the other is {short(other.path)}:{other.line}",
                path=short(workflow.path),
                line=workflow.line,
                fix="Rename one, or give it @workflow(name=…).",
            )
        )


def import_file(file: Path) -> list[Workflow]:
    """The workflows that a file defines, in the order of their lines.

    Raises:
        WorkflowError: it does not compile or import; with the line in the author's file.
    """
    file = file.absolute()
    with _as_module(file, keep=True) as module, importing(str(file.parent)):
        # Read once: what is compiled is what is kept as the source, whatever is saved meanwhile.
        data = file.read_bytes()
        code = compile(data, str(file), "exec", dont_inherit=True)
        text = importlib.util.decode_source(data)
        remember_lines(str(file), text)
        exec(code, vars(module))
    return _defined_in(module, file, text)


def workflows_of(file: Path, text: str, modules: Sequence[Module] = ()) -> list[Workflow]:
    """The workflows of a source that was kept, as if it still stood in its file.

    Args:
        modules: the user's own modules that it imported then, as far as they were kept.

    Raises:
        WorkflowError: it does not load any more.
    """
    folder = str(file.parent)
    with _lock, _as_module(file, keep=False) as module, importing(folder), importing_kept(modules):
        exec(compile(text, str(file), "exec", dont_inherit=True), vars(module))
    found = _defined_in(module, file, text)
    for workflow in found:
        workflow.modules = tuple(modules)
    return found


@contextmanager
def _as_module(file: Path, *, keep: bool) -> Iterator[ModuleType]:
    """A module for a file, which stands in `sys.modules` while it is run, and after that if kept.

    Raises:
        WorkflowError: what running it raised.
    """
    name = PREFIX + file.stem
    module = ModuleType(name)
    module.__file__ = str(file)
    before = sys.modules.get(name)
    # A pickle, a dataclass or an inspect.getmodule of what the file defines looks here.
    sys.modules[name] = module
    done = False
    try:
        yield module
        done = True
    except (WorkflowError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise _told(file, error) from error
    finally:
        if not (done and keep):
            if before is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = before


def _defined_in(module: ModuleType, file: Path, text: str) -> list[Workflow]:
    found = {
        value for value in vars(module).values() if isinstance(value, Workflow) and value.path == str(file)
    }
    for workflow in found:
        workflow.keep_source(text)
    return sorted(found, key=lambda workflow: workflow.line)


def _told(file: Path, error: BaseException) -> WorkflowError:
    if isinstance(error, SyntaxError):
        return WorkflowError(
            f"SyntaxError: {error.msg}", path=short(error.filename or file), line=error.lineno
        )
    return WorkflowError(f"{type(error).__name__}: {error}", path=short(file), line=_line_in(file, error))


def _is_helper(name: str, path: Path) -> bool:
    folder = str((path if path.is_dir() else path.parent).absolute())
    module = module_of(sys.modules[name])
    return module is not None and module.path.startswith(folder + os.sep) and not name.startswith(PREFIX)


def short(path: str | Path) -> str:
    """A path as messages show it: relative to the working folder where it lies below it."""
    text = os.path.relpath(path)
    return str(path) if text.startswith("..") else text


def _line_in(file: Path, error: BaseException) -> int | None:
    lines = [
        number
        for frame, number in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == str(file)
    ]
    return lines[-1] if lines else None


def _nothing(path: Path, what: str) -> WorkflowError:
    return WorkflowError(
        what, path=short(path), fix="Write one, such as welcome.py with an @workflow function."
    )

"""Import workflow files, say which do not load, and why, at their line; and import them again.

A `Library` keeps what it has loaded. When a file, or a module of the user's own that it
imports, reads otherwise, just that is imported anew; of a file that does not load the last
good version goes on. A workflow that was made and is not to be found is told, and so is a folder
that has none: nothing runs unseen, and nothing is left out unseen.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import os
import sys
import threading
import traceback
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from studio.errors import NoWorkflows, StudioError, WorkflowError
from studio.language.definition import Workflow, collecting
from studio.language.modules import (
    Module,
    imported,
    importing_kept,
    own_modules,
    read_text,
    remember_lines,
    stale,
    without,
)
from studio.source.event_door import other_event
from studio.source.import_paths import ImportPath, begin_anew, import_path, importing
from studio.source.project import absolute, short, working_folder
from studio.source.reachable import workflows_in
from studio.source.written_out import fault_of, other_channel
from studio.text.source_code import error_text

Source = str | Path | Workflow | Iterable["str | Path | Workflow"]
PREFIX = "studio_workflows."
"""Before a file's name: what its module is called."""
MOST_NAMED = 10
"""Files that are named when there is no workflow in any."""
FIRST = "Write one, such as welcome.py with an @workflow function."
NOWHERE = "Put @workflow above an async function; files whose names begin with _ are helpers."


@dataclass(slots=True)
class Loaded:
    """What folders and files of workflows hold."""

    workflows: dict[str, Workflow] = field(default_factory=dict)
    problems: list[WorkflowError] = field(default_factory=list)
    """Files that did not load; the others go on."""
    passed_over: list[Path] = field(default_factory=list)
    """Folders within, with Python files of which none was imported: only the folder's own files are."""


@dataclass(slots=True)
class _File:
    """A workflow file as it was imported last."""

    text: str | None
    """None: it could not be read, or did not load."""
    modules: dict[str, Module]
    workflows: list[Workflow]
    """Of its last good version."""
    problems: tuple[WorkflowError, ...] = ()
    missing: tuple[str, ...] = ()
    """Modules that it imports, and that are not there."""


@dataclass(slots=True)
class ImportedFile:
    """What came of importing a file."""

    text: str
    workflows: list[Workflow]
    problems: list[WorkflowError]
    """Workflows that were made, and that none of its names holds."""


_lock = threading.RLock()
"""Imports look at what stands in `sys.meta_path` and `sys.modules` meanwhile: one at a time."""
_import_paths: dict[Path, ImportPath] = {}
"""By folder; settled when it is loaded first, whatever the working folder is later."""


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
        return found

    def signature(self) -> dict[str, str | None]:
        """What the files and the modules they import say now, by their paths."""
        paths = {str(file) for path in self.paths for file in _files(path)}
        for file in self._files.values():
            paths |= {module.path for module in file.modules.values()}
        if self.loaded.problems:
            # What is missing may be put beside what is there.
            paths |= {str(file) for folder in self.folders for file in folder.glob("*.py")}
            paths |= {path for file in self._files for path in self._missed(file)}
        return {path: read_text(path) for path in sorted(paths)}

    def load(self) -> Loaded:
        """Import what is not known, or reads otherwise than when it was imported."""
        with _lock:
            found = {path: _files(path) for path in self.paths}
            folders = list(dict.fromkeys(file.parent for files in found.values() for file in files))
            if not self._files:
                # Helpers are imported anew: those of this folder may have been edited.
                for folder in folders:
                    begin_anew(_import_path(folder))
            kept: dict[Path, _File] = {}
            for folder in folders:
                files = [file for files in found.values() for file in files if file.parent == folder]
                path = _import_path(folder)
                with importing(path):
                    kept.update(self._import(dict.fromkeys(files), path))
            self._files = kept
            self.loaded = self._collect(found)
            return self.loaded

    def _import(self, files: Iterable[Path], path: ImportPath) -> dict[Path, _File]:
        """Import the files of a folder whose text, or whose modules' text, is another than it was."""
        kept = {file: self._files.get(file) or _File(None, {}, []) for file in files}
        modules = {name: module for file in kept.values() for name, module in file.modules.items()}
        changed = stale(modules)
        # Once for all files: those that share a module share it again.
        renewed: set[str] = set()
        for file, last in kept.items():
            if last.text is not None and last.text == read_text(file) and not changed & set(last.modules):
                continue
            mine = (changed & set(last.modules)) - renewed
            try:
                with without(mine):
                    got = import_file(file)
            except WorkflowError as error:
                met = self._modules_met(file, last)
                texts = [read_text(file) or "", *(module.text for module in met.values())]
                missing = tuple(_missing(error, texts))
                kept[file] = _File(None, met, last.workflows, (error,), missing)
                continue
            renewed |= mine
            own = own_modules(got.text)
            for workflow in got.workflows:
                workflow.modules = tuple(own.values())
            if (fault := _fault(got.workflows)) is not None:
                kept[file] = _File(None, own, last.workflows, (fault,))
                continue
            kept[file] = _File(got.text, own, got.workflows, tuple(got.problems))
        return kept

    def _modules_met(self, file: Path, last: _File) -> dict[str, Module]:
        """What a file that did not load imports, as far as it came: mending that may mend it."""
        return {**last.modules, **own_modules(read_text(file) or "")}

    def _missed(self, file: Path) -> Iterator[str]:
        """Where the module may come to stand that a file lacks."""
        for name in self._files[file].missing:
            for folder in _import_path(file.parent).folders:
                base = os.path.join(folder, *name.split("."))
                yield from (f"{base}.py", os.path.join(base, "__init__.py"))

    def _collect(self, found: dict[Path, list[Path]]) -> Loaded:
        """All workflows, each name once: first come those that had the name already."""
        loaded = Loaded()
        before = self.loaded.workflows
        for part in self.parts:
            if isinstance(part, Workflow):
                add(loaded, part)
                loaded.problems += [fault for fault in (fault_of(part),) if fault is not None]
                continue
            files = found[part]
            for file in sorted(files, key=lambda each: (not self._had(each, before), files.index(each))):
                self._add_file(loaded, file, before)
            if (nothing := self._nothing(part, files)) is not None:
                loaded.problems.append(nothing)
            loaded.passed_over += self._passed_over(part, files)
        known = loaded.workflows.values()
        if (fault := other_channel(known) or other_event(known)) is not None:
            # Nobody knows which was meant: nothing new counts, what ran before goes on.
            loaded.problems.append(fault)
            loaded.workflows = dict(before)
        return loaded

    def _passed_over(self, part: Path, files: list[Path]) -> list[Path]:
        imported = [module.path for file in files for module in self._files[file].modules.values()]
        return [
            folder
            for folder in (sorted(part.iterdir()) if part.is_dir() else ())
            if folder.is_dir()
            and not folder.name.startswith(("_", "."))
            and not any(path.startswith(str(folder) + os.sep) for path in imported)
            and next(folder.rglob("*.py"), None) is not None
        ]

    def _nothing(self, part: Path, files: list[Path]) -> WorkflowError | None:
        """What there is to say when a part has no workflow."""
        if not files:
            what = "workflow file in this folder" if part.is_dir() else "such file or folder"
            return WorkflowError(f"there is no {what}", path=short(part), fix=FIRST)
        if any(self._files[file].workflows or self._files[file].problems for file in files):
            return None
        if part.is_file():
            return NoWorkflows("there is no workflow in this file", path=short(part), fix=FIRST)
        names = [file.name for file in files[:MOST_NAMED]]
        more = f" and {len(files) - MOST_NAMED} more" if len(files) > MOST_NAMED else ""
        what = f"there is no workflow in {', '.join(names)}{more}"
        return NoWorkflows(what, path=short(part), fix=NOWHERE)

    def _had(self, file: Path, before: dict[str, Workflow]) -> bool:
        return any(workflow.file == str(file) for workflow in before.values())

    def _add_file(self, loaded: Loaded, file: Path, before: dict[str, Workflow]) -> None:
        state = self._files[file]
        loaded.problems += state.problems
        count = len(loaded.problems)
        taken = dict(loaded.workflows)
        for workflow in state.workflows:
            add(loaded, workflow)
        good = [workflow for workflow in before.values() if workflow.file == str(file)]
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
        yield absolute(source)
    elif isinstance(source, Workflow):
        yield source
    elif callable(source):
        raise WorkflowError(
            f"{getattr(source, '__name__', source)!r} is not a workflow", fix="Put @workflow above it."
        )
    else:
        for part in source:
            yield from _parts(part)


def told_passed_over(folders: Sequence[Path]) -> str:
    """What is said, once, of folders that are passed over; "" when there are none."""
    if not folders:
        return ""
    names = ", ".join(short(folder) for folder in folders[:MOST_NAMED])
    more = f" and {len(folders) - MOST_NAMED} more" if len(folders) > MOST_NAMED else ""
    what = "is passed over" if len(folders) == 1 else "are passed over"
    return f"{names}{more} {what}: workflows are the files of the folder itself, and what these import."


def _import_path(folder: Path) -> ImportPath:
    if folder not in _import_paths:
        try:
            start = working_folder()
        except StudioError:
            # It is gone, and nothing of a project is in it.
            start = folder
        _import_paths[folder] = import_path(folder, start)
    return _import_paths[folder]


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(f for f in path.glob("*.py") if not f.name.startswith(("_", ".")))
    else:
        found = [path] if path.exists() else []
    return found


def add(loaded: Loaded, workflow: Workflow) -> None:
    """Take a workflow in, unless another has its name: then neither is guessed, the first stays."""
    other = loaded.workflows.get(workflow.name)
    if other is None:
        loaded.workflows[workflow.name] = workflow
    elif other.function is not workflow.function:
        loaded.problems.append(_twice(workflow, other))


def _twice(workflow: Workflow, other: Workflow) -> WorkflowError:
    path, line = workflow.made
    there, at = other.made
    return WorkflowError(
        f'the workflow "{workflow.name}" is there twice; the other is {short(there)}:{at}',
        path=short(path),
        line=line,
        fix="Rename one, or give it @workflow(name=…).",
    )


def import_file(file: Path) -> ImportedFile:
    """The workflows that a file makes or takes from helpers, in the order of their lines.

    Raises:
        WorkflowError: it does not compile or import; with the line in the author's file.
    """
    with _as_module(file, keep=True) as module, collecting() as made:
        # Read once: what is compiled is what is kept as the source, whatever is saved meanwhile.
        data = file.read_bytes()
        code = compile(data, str(file), "exec", dont_inherit=True)
        text = importlib.util.decode_source(data)
        remember_lines(str(file), text)
        exec(code, vars(module))
        found = _found_in(module, file, text)
    problems = [_lost(workflow, file, found) for workflow in _unseen(made, file, found)]
    return ImportedFile(text, found, problems)


def workflows_of(file: Path, text: str, modules: Sequence[Module] = ()) -> list[Workflow]:
    """The workflows of a source that was kept, as if it still stood in its file.

    Args:
        modules: the user's own modules that it imported then, as far as they were kept.

    Raises:
        WorkflowError: it does not load any more.
    """
    path = _import_path(file.parent)
    with _lock, importing(path), importing_kept(modules), _as_module(file, keep=False) as module:
        with collecting():
            exec(compile(text, str(file), "exec", dont_inherit=True), vars(module))
        found = _found_in(module, file, text)
    for workflow in found:
        workflow.modules = tuple(modules)
    return found


def _found_in(module: ModuleType, file: Path, text: str) -> list[Workflow]:
    """The workflows of a file: what its names hold, but for what another workflow file makes."""
    found = []
    for workflow in workflows_in(vars(module)):
        if _is_of_another_file(workflow.made[0], file):
            continue
        if workflow.made[0] != str(file):
            # It was made where a helper was imported, and others may take it from there, too.
            workflow = copy.copy(workflow)
        workflow.file = str(file)
        workflow.keep_source(text)
        found.append(workflow)
    return sorted(found, key=lambda workflow: workflow.made[1])


def _is_of_another_file(path: str, file: Path) -> bool:
    folder, name = os.path.split(path)
    return path != str(file) and folder == str(file.parent) and not name.startswith(("_", "."))


def _unseen(made: Sequence[Workflow], file: Path, found: Sequence[Workflow]) -> list[Workflow]:
    """What was made while a file was imported, and cannot run: the file lets go of it."""
    known = {id(workflow.function) for workflow in found}
    lost = [workflow for workflow in made if id(workflow.function) not in known]
    here = [workflow for workflow in lost if workflow.made[0] == str(file)]
    if here or found:
        return here
    # A helper may make some for others; one of whom nothing is taken was imported for that.
    return [workflow for workflow in lost if not _is_of_another_file(workflow.made[0], file)]


def _lost(workflow: Workflow, file: Path, found: Collection[Workflow]) -> WorkflowError:
    other = next((each for each in found if each.name == workflow.name), None)
    if other is not None:
        return _twice(workflow, other)
    path, line = workflow.made
    where = "" if path == str(file) else f"{short(file)} imports it, and "
    return WorkflowError(
        f'{where}the workflow "{workflow.name}" is made here, but no name of {file.name} holds it',
        path=short(path),
        line=line,
        fix="Give it one, also in a list, a dict or a class; @workflow stands above other decorators.",
    )


@contextmanager
def _as_module(file: Path, *, keep: bool) -> Iterator[ModuleType]:
    """A module for a file, which stands in `sys.modules` while it is run, and after that if kept.

    Raises:
        WorkflowError: what running it raised.
    """
    name = _module_name(file)
    module = ModuleType(name)
    module.__file__ = str(file)
    before = sys.modules.get(name)
    if (package := PREFIX.rstrip(".")) not in sys.modules:
        # `import` wants what stands before a dot to be there, and a pickle imports.
        sys.modules[package] = ModuleType(package)
        sys.modules[package].__path__ = []
    # A pickle, a dataclass or an inspect.getmodule of what the file defines looks here.
    sys.modules[name] = module
    done = False
    try:
        yield module
        done = True
    except (WorkflowError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise _load_error(file, error) from error
    finally:
        if not (done and keep):
            if before is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = before


def _module_name(file: Path) -> str:
    """What a file's module is called: files of one name in two folders are two modules."""
    name = PREFIX + file.stem
    other = getattr(sys.modules.get(name), "__file__", None)
    if other in (None, str(file)):
        return name
    return f"{name}_{hashlib.blake2b(str(file.parent).encode(), digest_size=4).hexdigest()}"


def _fault(workflows: Iterable[Workflow]) -> WorkflowError | None:
    """The first call in them that cannot do what is written out."""
    return next((fault for workflow in workflows if (fault := fault_of(workflow)) is not None), None)


def _missing(error: WorkflowError, texts: Iterable[str]) -> Iterator[str]:
    """The module that could not be found, and what these sources import of it."""
    cause = error.__cause__
    if isinstance(cause, ModuleNotFoundError) and cause.name:
        yield cause.name
        for text in texts:
            yield from (name for name in imported(text) if name.startswith(cause.name + "."))


def _load_error(file: Path, error: BaseException) -> WorkflowError:
    if isinstance(error, SyntaxError):
        return WorkflowError(
            f"SyntaxError: {error.msg}", path=short(error.filename or file), line=error.lineno
        )
    return WorkflowError(error_text(error), path=short(file), line=_line_in(file, error))


def _line_in(file: Path, error: BaseException) -> int | None:
    lines = [
        number
        for frame, number in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == str(file)
    ]
    return lines[-1] if lines else None

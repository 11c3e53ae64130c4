"""Import workflow files, and say which do not load, and why, at their line."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from studio.definition import Workflow
from studio.errors import WorkflowError


@dataclass(slots=True)
class Loaded:
    """What a folder or file of workflows holds."""

    workflows: dict[str, Workflow] = field(default_factory=dict)
    problems: list[WorkflowError] = field(default_factory=list)
    """Files that did not load; the others go on."""


_helpers: list[str] = []
"""Modules that the workflow files loaded last have imported from their own folder."""


def load(path: str | Path) -> Loaded:
    """Import every workflow file of a folder, or one file.

    Files whose name begins with `_` or `.` are left out; they are for helpers that
    the workflows import. The folder itself is importable while they load.
    """
    path = Path(path)
    loaded = Loaded()
    if path.is_dir():
        files = sorted(f for f in path.glob("*.py") if not f.name.startswith(("_", ".")))
        if not files:
            loaded.problems.append(_nothing(path, "there is no workflow file in this folder"))
    elif path.exists():
        files = [path]
    else:
        loaded.problems.append(_nothing(path, "there is no such file or folder"))
        files = []
    # Helpers are imported anew: those of another folder may have the same names, and
    # those of this one may have been edited.
    for name in _helpers:
        sys.modules.pop(name, None)
    _helpers.clear()
    known = set(sys.modules)
    for file in files:
        try:
            found = import_file(file)
        except WorkflowError as error:
            loaded.problems.append(error)
            continue
        if not found and path.is_file():
            loaded.problems.append(_nothing(path, "there is no workflow in this file"))
        for workflow in found:
            add(loaded, workflow)
    folder = str((path if path.is_dir() else path.parent).absolute())
    _helpers.extend(name for name in set(sys.modules) - known if _is_helper(name, folder))
    return loaded


def collect(source: str | Path | Workflow | Iterable[str | Path | Workflow]) -> Loaded:
    """Workflows from what an engine is given: a path, a workflow, or several of either."""
    if isinstance(source, str | Path):
        return load(source)
    if isinstance(source, Workflow):
        return Loaded({source.name: source})
    if callable(source):
        raise WorkflowError(
            f"{getattr(source, '__name__', source)!r} is no workflow", fix="Put @workflow above it."
        )
    loaded = Loaded()
    for part in source:
        inner = collect(part)
        loaded.problems += inner.problems
        for workflow in inner.workflows.values():
            add(loaded, workflow)
    return loaded


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
    name = f"studio_workflows.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise WorkflowError("it is no Python file", path=short(file))
    module = importlib.util.module_from_spec(spec)
    # A pickle or an inspect.getmodule of what the file defines looks here.
    sys.modules[name] = module
    with _importing(file):
        spec.loader.exec_module(module)
    return _defined_in(module, file)


def workflows_of(file: Path, text: str) -> list[Workflow]:
    """The workflows of a source that was kept, as if it still stood in its file.

    Raises:
        WorkflowError: it does not compile or import any more.
    """
    name = f"studio_workflows.{file.stem}"
    module = ModuleType(name)
    module.__file__ = str(file)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        with _importing(file):
            exec(compile(text, str(file), "exec", dont_inherit=True), vars(module))
    finally:
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
    return _defined_in(module, file)


@contextmanager
def _importing(file: Path) -> Iterator[None]:
    """Make a file's folder importable, and say at which line it does not import."""
    folder = str(file.parent)
    added = folder not in sys.path
    if added:
        sys.path.insert(0, folder)
    try:
        yield
    except SyntaxError as error:
        raise WorkflowError(
            f"SyntaxError: {error.msg}", path=short(error.filename or file), line=error.lineno
        ) from error
    except WorkflowError:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise WorkflowError(
            f"{type(error).__name__}: {error}", path=short(file), line=_line_in(file, error)
        ) from error
    finally:
        if added:
            sys.path.remove(folder)


def _defined_in(module: ModuleType, file: Path) -> list[Workflow]:
    found = [
        value for value in vars(module).values() if isinstance(value, Workflow) and value.path == str(file)
    ]
    return sorted(set(found), key=lambda workflow: workflow.line)


def _is_helper(name: str, folder: str) -> bool:
    path = getattr(sys.modules[name], "__file__", None) or ""
    return (
        path.startswith(folder + os.sep)
        and "site-packages" not in path
        and not name.startswith("studio_workflows.")
    )


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

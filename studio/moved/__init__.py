"""Modules under the paths that they had before: each is still found there, with a warning, until 0.3.

Whoever imports `studio.explorer.walker` gets the very module that is now `studio.design.explorer.walker`.
`studio.incoming` is not among them: that name is the public function.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, cast

from studio.moved.table import MOVED


class _Moved:
    """A finder and a loader. The base classes for these would cost a tenth of the start of a command."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        # Asked for each import of the process: one look at the beginning decides for nearly all.
        if not fullname.startswith("studio.") or new_path(fullname) is None:
            return None
        return ModuleSpec(fullname, cast(Any, self))

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        assert spec is not None
        new = new_path(spec.name)
        assert new is not None
        warnings.warn(
            f"{spec.name} is {new} now; the old path goes with 0.3", DeprecationWarning, stacklevel=2
        )
        # Not a second copy of it: its classes would be others.
        sys.modules[spec.name] = importlib.import_module(new)


def new_path(name: str) -> str | None:
    """Where a module stands now; None when it never stood elsewhere.

    Args:
        name: its full dotted name, "studio.explorer.walker".
    """
    head, rest = name, ""
    while "." in head:
        if (found := MOVED.get(head)) is not None:
            return found + rest
        head, _, last = head.rpartition(".")
        rest = f".{last}{rest}"
    return None


def install() -> None:
    """Let the old paths be found, by an import of whatever kind."""
    if not any(isinstance(each, _Moved) for each in sys.meta_path):
        # In front: the finder of files would read a package's modules a second time under the old name.
        sys.meta_path.insert(0, _Moved())

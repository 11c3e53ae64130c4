"""A new journey from a template: the workflow's file and events that play it, under a name of one's own."""

from __future__ import annotations

import ast
import keyword
import re
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from studio.design.templates import TEMPLATES
from studio.errors import StudioError
from studio.language.definition import Workflow
from studio.source.project import short
from studio.text import syntax

__all__ = ["TEMPLATES", "events", "paths", "refuse_taken", "source", "write", "write_new"]

PLACEHOLDER = "journey_name"
"""What stands in the templates for the name; a name, so that the templates are code like any other."""


def source(template: str, name: str) -> str:
    """The workflow's file.

    Raises:
        StudioError: the name makes no workflow of this template.
    """
    text = _read(template, "py")
    if why := _fault(name, text):
        raise StudioError(
            f"{name!r} {why}", where="the journey's name", fix="Use a name such as welcome_back."
        )
    return text.replace(PLACEHOLDER, name)


def events(template: str, name: str) -> str:
    """The event file."""
    return _read(template, "jsonl").replace(PLACEHOLDER, name)


def paths(workflows: str, name: str) -> tuple[Path, Path]:
    """Where the two files go: into the folder of workflows, and into `data/` beside it."""
    place = Path(workflows)
    folder = place.parent if place.suffix == ".py" else place
    return folder / f"{name}.py", folder.parent / "data" / f"{name}.jsonl"


def refuse_taken(name: str, known: Mapping[str, Workflow]) -> None:
    """Refuse a name that a workflow has already.

    Raises:
        StudioError: says where that one is.
    """
    if (other := known.get(name)) is not None:
        raise StudioError(
            f"the workflow {name!r} already exists",
            where=f"{short(other.path)}:{other.line}",
            fix="Use another name.",
        )


def write(template: str, name: str, workflows: str) -> tuple[Path, Path]:
    """Write both files; gives their paths. What is there already is never touched.

    Raises:
        StudioError: one is there, cannot be written, or the name makes no workflow.
    """
    texts = source(template, name), events(template, name)
    places = paths(workflows, name)
    for place in places:
        if place.exists():
            raise StudioError(
                "it already exists and was left as it is", where=short(place), fix="Use another name."
            )
    for place, text in zip(places, texts, strict=True):
        write_new(place, text)
    return places


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet, and the folders to it.

    Raises:
        StudioError: it is there, or it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise StudioError("it already exists and was left as it is", where=short(path)) from None
    except OSError as error:
        raise StudioError(f"it cannot be written: {error.strerror}", where=short(path)) from error


def _read(template: str, kind: str) -> str:
    return files("studio.design").joinpath("templates", f"{template}.{kind}").read_text(encoding="utf-8")


def _fault(name: str, text: str) -> str | None:
    """Why this can be no name of a workflow's function and file; None when it can."""
    if not re.fullmatch(r"[A-Za-z]\w{0,63}", name, re.ASCII):
        return "is not a valid function name: letters, digits and _, a letter first"
    if keyword.iskeyword(name):
        return "is a word of Python's own"
    if name in sys.stdlib_module_names or name == "studio":
        return "is a module's name, which a file of this name would hide"
    taken = {node.name for node in ast.walk(syntax.module(text)) if isinstance(node, ast.AsyncFunctionDef)}
    if name in taken | {"journey", "workflow", "Journey"}:
        return "stands for something else in this template"
    return None

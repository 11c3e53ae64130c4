"""What a project says of itself: `[tool.journey-studio]` in its pyproject.toml.

Paths count from the file's own folder.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.text.fuzzy_match import most_similar

WORKFLOWS = "workflows"
STORE = "data/studio.db"
MEMORY = ":memory:"
DURABILITIES = ("full", "normal")
RELOADS = ("auto", "ask")
SWITCH = ("on", "off")
EVENT_MODES = ("refuse", "warn")
NAMES = ("workflows", "store", "durability", "reload", "seed", "otel", "events")
TEMPORAL = "temporal"
OBJECTS = "objects"
OBJECTS_NAMES = ("url",)
TEMPORAL_FILES = ("tls_cert", "tls_key", "tls_ca")
TEMPORAL_NAMES = ("address", "namespace", "queue", "salt", "api_key_env", *TEMPORAL_FILES)


def working_folder() -> Path:
    """Where relative paths count from.

    Raises:
        StudioError: the folder is gone.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise StudioError(
            "the folder that this was started in is gone", fix="Start it in another, or name whole paths."
        ) from error


def absolute(path: str | Path) -> Path:
    """A path that stays the same when the working folder changes. Links are kept as they are."""
    given = Path(path)
    return given if given.is_absolute() else working_folder() / given


def short(path: str | Path) -> str:
    """A path as messages show it: relative to the working folder where it lies below it."""
    try:
        text = os.path.relpath(path)
    except OSError:
        # The working folder is gone.
        return str(path)
    return str(path) if text.startswith("..") else text


def project(folder: Path | None = None) -> dict[str, str]:
    """`[tool.journey-studio]` of the nearest pyproject.toml, at or above a folder: the working folder.

    Nothing is said where that is gone: whole paths may have been named.
    """
    file = _nearest(folder)
    return {} if file is None else _read_project(file)


def temporal_project(folder: Path | None = None) -> dict[str, str]:
    """`[tool.journey-studio.temporal]` of the same file."""
    file = _nearest(folder)
    if file is None:
        return {}
    table = _table(file).get(TEMPORAL, {})
    where = f"{file}: [tool.journey-studio.{TEMPORAL}]"
    found = _texts(table, TEMPORAL_NAMES, where)
    for name in TEMPORAL_FILES:
        if name in found:
            found[name] = str(file.parent / found[name])
    return found


def objects_project(folder: Path | None = None) -> dict[str, str]:
    """`[tool.journey-studio.objects]` of the same file."""
    file = _nearest(folder)
    where = f"{file}: [tool.journey-studio.{OBJECTS}]"
    return {} if file is None else _texts(_table(file).get(OBJECTS, {}), OBJECTS_NAMES, where)


def _nearest(folder: Path | None) -> Path | None:
    try:
        folder = folder or working_folder()
    except StudioError:
        return None
    for place in (folder, *folder.parents):
        file = place / "pyproject.toml"
        if file.is_file():
            return file
    return None


def _table(file: Path) -> dict[str, Any]:
    import tomllib

    try:
        with file.open("rb") as opened:
            tool = tomllib.load(opened).get("tool")
    except tomllib.TOMLDecodeError as error:
        raise StudioError(f"it is not valid TOML: {error}", where=str(file)) from None
    table = tool.get("journey-studio", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise StudioError(f"it is {table!r} and no table", where=f"{file}: [tool.journey-studio]")
    return table


def _texts(table: Any, names: Sequence[str], where: str) -> dict[str, str]:
    """The settings of these names, which are texts."""
    if not isinstance(table, dict):
        raise StudioError(f"it is {table!r} and no table", where=where)
    # A name that is not known may be of a later version; one that is nearly ours is a typo.
    for name in table:
        if name not in (*names, TEMPORAL, OBJECTS) and (close := most_similar(name, names)) is not None:
            raise StudioError(f"there is no setting {name}", where=where, fix=f"Did you mean {close}?")
    found: dict[str, str] = {}
    for name in names:
        value = table.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or not value:
            raise StudioError(f"{name} is {value!r} and must be a text", where=where)
        found[name] = value
    return found


def _read_project(file: Path) -> dict[str, str]:
    where = f"{file}: [tool.journey-studio]"
    found = _texts(_table(file), NAMES, where)
    if found.get("durability", "full") not in DURABILITIES:
        raise StudioError(
            f"durability is {found['durability']!r}", where=where, fix='Write "full" or "normal".'
        )
    if found.get("reload", "auto") not in RELOADS:
        raise StudioError(f"reload is {found['reload']!r}", where=where, fix='Write "auto" or "ask".')
    if found.get("events", "refuse") not in EVENT_MODES:
        raise StudioError(f"events is {found['events']!r}", where=where, fix='Write "refuse" or "warn".')
    if found.get("otel", "off") not in SWITCH:
        raise StudioError(f"otel is {found['otel']!r}", where=where, fix='Write "on" or "off".')
    if "workflows" in found:
        found["workflows"] = str(file.parent / found["workflows"])
    if "store" in found and found["store"] != MEMORY:
        found["store"] = str(file.parent / found["store"])
    return found

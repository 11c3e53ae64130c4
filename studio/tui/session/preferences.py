"""What a person has set: theme, signs, keys, and how the screen was left.

One TOML file in the user's configuration folder, for all stores. The person writes
[keymap] and `symbols`; the studio writes `theme` and [remembered], and leaves all else,
comments too, as it stands.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from studio.text.fuzzy_match import most_similar
from studio.text.private import make_folder

SYMBOLS = ("unicode", "ascii")
RELOADS = ("auto", "ask")
NAMES = ("theme", "symbols", "reload", "keymap", "remembered")

Remembered = str | int | bool


class PreferencesError(ValueError):
    """The file, or something in it, makes no sense; said in one line."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What is set; every value has a default."""

    theme: str | None = None
    symbols: Literal["unicode", "ascii"] | None = None
    """None: whatever the terminal can show."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Ids of bindings, and the keys they listen to instead, such as "k,up"."""
    remembered: Mapping[str, Remembered] = field(default_factory=dict)
    """How the screen was left, by names such as "maximised"."""
    reload: Literal["auto", "ask"] | None = None
    """Whether edited workflow files run at once, or when `r` says so; None: what the project says."""


def settings_path() -> Path:
    """Where the file lies: `$XDG_CONFIG_HOME/journey-studio/settings.toml` on Linux."""
    # Imported where it is used: the headless commands have no settings of this kind.
    from platformdirs import user_config_path

    return user_config_path("journey-studio", appauthor=False) / "settings.toml"


def read(path: Path) -> Preferences:
    """Read a file; one that is missing sets nothing.

    Raises:
        PreferencesError: it cannot be read, is not valid TOML, or a value makes no sense.
    """
    try:
        with path.open("rb") as opened:
            table = tomllib.load(opened)
    except FileNotFoundError:
        return Preferences()
    except OSError as error:
        raise PreferencesError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PreferencesError(f"{path}: it is not valid TOML: {error}") from error
    return _check(path, table)


def _check(path: Path, table: dict[str, Any]) -> Preferences:
    for name in table:
        # A name that is not known may be of a later version; one that is nearly ours is a typo.
        if name not in NAMES and (close := most_similar(name, NAMES)) is not None:
            raise PreferencesError(f"{path}: there is no setting {name}. Did you mean {close}?")
    theme, symbols = table.get("theme"), table.get("symbols")
    if theme is not None and not isinstance(theme, str):
        raise PreferencesError(f"{path}: theme is {theme!r} and must be a text")
    if symbols is not None and symbols not in SYMBOLS:
        raise PreferencesError(f'{path}: symbols is {symbols!r}. Write "unicode" or "ascii".')
    reload = table.get("reload")
    if reload is not None and reload not in RELOADS:
        raise PreferencesError(f'{path}: reload is {reload!r}. Write "auto" or "ask".')
    keymap, remembered = table.get("keymap", {}), table.get("remembered", {})
    if not isinstance(keymap, dict) or not all(isinstance(keys, str) and keys for keys in keymap.values()):
        raise PreferencesError(f'{path}: [keymap] needs lines such as inject = "i"')
    if not isinstance(remembered, dict):
        raise PreferencesError(f"{path}: [remembered] is not a table")
    kept = {name: value for name, value in remembered.items() if isinstance(value, str | int | bool)}
    return Preferences(
        theme,
        cast("Literal['unicode', 'ascii'] | None", symbols),
        keymap,
        kept,
        cast("Literal['auto', 'ask'] | None", reload),
    )


def write(path: Path, values: Mapping[str, str], remembered: Mapping[str, Remembered]) -> None:
    """Change some values of a file and leave the rest as it stands.

    Raises:
        PreferencesError: the file cannot be written, or what stands there cannot be read.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        document = tomlkit.parse(text)
        document.update(values)
        if remembered:
            table = document.setdefault("remembered", tomlkit.table())
            table.update(remembered)
        new = tomlkit.dumps(document)
        if new != text:
            _replace(path, new)
    except OSError as error:
        raise PreferencesError(f"{path}: {error.strerror}") from error
    except (TOMLKitError, UnicodeDecodeError, AttributeError) as error:
        raise PreferencesError(
            f"{path}: it was not changed, because it is not valid TOML: {error}"
        ) from error


def _replace(path: Path, text: str) -> None:
    """All of the new file, or the old one: a crash leaves no half."""
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".settings-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
        # A link stays one: settings are often kept in a folder under version control.
        Path(name).replace(path.resolve())
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise

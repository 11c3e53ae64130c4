"""Workflow files that are edited: what the tests of hot reload write into them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from textwrap import dedent

from studio import Engine
from studio.language.definition import Workflow
from studio.source.loader import load
from studio.store.records import Entry
from tests.engine.support import entries

HEAD = """
from studio import Journey, workflow


@workflow(trigger="signup")
async def welcome(journey: Journey):
"""


def write(folder: Path, body: str, name: str = "welcome") -> Path:
    """A file with one workflow of this body; its first line is line 7."""
    folder.mkdir(exist_ok=True)
    text = HEAD.replace("welcome", name) + "".join(
        f"    {line}\n" for line in dedent(body).strip().split("\n")
    )
    file = folder / f"{name}.py"
    file.write_text(text)
    return file


def loaded(folder: Path, body: str) -> Workflow:
    """The workflow of such a file, as it is loaded at this moment."""
    return load(str(write(folder / "workflows", body))).workflows["welcome"]


def told(path: Path, user: str) -> list[str]:
    """The history of a user's journeys, a line an entry, without what came before the first reload."""
    found = entries(path, user=user)
    at = next((n for n, entry in enumerate(found) if entry.kind == "journey.moved"), len(found))
    return [line(entry) for entry in found[at:]]


def line(entry: Entry) -> str:
    """An entry in a few words."""
    words = [entry.kind, entry.name if entry.name else "", entry.message or ""]
    return " ".join(word for word in words if word)


async def gone_over(engine: Engine, seconds: float = 60.0) -> None:
    """Wait until all who wait have gone over to the new code."""
    async with asyncio.timeout(seconds):
        await engine.run_until_idle()

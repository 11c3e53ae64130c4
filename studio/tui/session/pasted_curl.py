"""A `curl` command that was copied elsewhere, read as the events that it would send. Pure.

What it sends to is not asked: of its address only the path counts, which says the shape where a body alone
does not, as the studio's own server has it (`studio.web.ingest`).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from studio.errors import EventError
from studio.events import adapters
from studio.language.incoming import Incoming
from studio.text import json_text as jsontext

WHERE = "the pasted curl"
DATA = {"-d": True, "--data": True, "--data-ascii": True, "--data-binary": True, "--json": True}
"""Options with a body; of these an @ names a file."""
RAW = ("--data-raw",)
HEADERS = ("-H", "--header")
TAKES_VALUE = frozenset(
    {
        "-X",
        "--request",
        "-u",
        "--user",
        "-A",
        "--user-agent",
        "-b",
        "--cookie",
        "-c",
        "--cookie-jar",
        "-e",
        "--referer",
        "-o",
        "--output",
        "-m",
        "--max-time",
        "--connect-timeout",
        "-x",
        "--proxy",
        "--cacert",
        "--cert",
        "--key",
        "-w",
        "--write-out",
        "--retry",
        "--resolve",
        "--oauth2-bearer",
        "-T",
        "--upload-file",
        "-F",
        "--form",
        "--url",
    }
)
"""Other options that the next word belongs to."""
SHORT = 2
CE = "ce-"


def is_curl(text: str) -> bool:
    """Whether a text is meant as a curl command."""
    words = text.split(None, 2)
    if words[:1] == ["$"]:
        words = words[1:]
    return words[:1] == ["curl"] and len(words) > 1


def curl_events(text: str, now: int) -> list[Incoming]:
    """The events that a curl command would send.

    Args:
        now: what an offset in `at` counts from, milliseconds since 1970, UTC.

    Raises:
        EventError: it cannot be read, sends nothing that could be read here, or an event in it is wrong.
    """
    words = _words(text)
    bodies: list[str] = []
    fields: dict[str, Any] = {}
    address = ""
    for name, value in _options(words):
        if name in DATA and value.startswith("@"):
            raise EventError(f"{name} reads a file", where=WHERE, fix="Paste what the file holds.")
        if name in DATA or name in RAW:
            bodies.append(value)
        elif name in HEADERS:
            header, _, told = value.partition(":")
            if header.strip().lower().startswith(CE):
                fields[header.strip().lower().removeprefix(CE)] = unquote(told.strip().strip('"'))
        elif name in ("--data-urlencode", "-F", "--form", "-T", "--upload-file"):
            raise EventError(f"{name} sends no JSON", where=WHERE, fix="Write the event as JSON.")
        elif name in ("", "--url"):
            address = value
    if not "".join(bodies).strip() and not fields:
        raise EventError("it sends no data", where=WHERE, fix="Copy it with its -d or --json.")
    return _read(address, fields, "".join(bodies), now)


def _words(text: str) -> list[str]:
    try:
        # A line that goes on in the next: shlex keeps the break as a part of the word behind it.
        found = [word.lstrip("\r\n") for word in shlex.split(text)]
    except ValueError as error:
        raise EventError(str(error), where=WHERE, fix="Copy the whole command.") from None
    found = [word for word in found if word]
    return found[found.index("curl") + 1 :]


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """The options with their values, and the address with an empty name."""
    known = {*DATA, *RAW, *HEADERS, *TAKES_VALUE, "--data-urlencode"}
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word.startswith("--") and "=" in word and word.partition("=")[0] in known:
            name, _, value = word.partition("=")
            yield name, value
        elif word in known:
            yield word, words[at] if at < len(words) else ""
            at += 1
        elif word[:SHORT] in known and not word.startswith("--"):
            yield word[:SHORT], word[SHORT:]
        elif not word.startswith("-"):
            yield "", word


def _read(address: str, fields: dict[str, Any], body: str, now: int) -> list[Incoming]:
    try:
        value = jsontext.loads_event(body) if body.strip() else None
    except jsontext.NotJson as error:
        raise EventError(f"its data is not valid JSON: {error}", where=WHERE) from None
    if fields:
        return adapters.events(
            fields if value is None else {**fields, "data": value}, WHERE, now, "cloudevents"
        )
    parts = [
        part for part in urlsplit(address if "//" in address else f"//{address}").path.split("/") if part
    ]
    kind, last = (parts[-2], parts[-1]) if len(parts) > 1 else ("", "")
    if kind == "v1" and last in adapters.SEGMENT and isinstance(value, dict):
        return adapters.events({"type": last, **value}, WHERE, now, "segment")
    return adapters.events(value, WHERE, now, "inngest" if kind == "e" else None)

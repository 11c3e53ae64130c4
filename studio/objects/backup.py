"""An exported history as objects: parts of lines, compressed, and one that says that all are there.

Each is put where nothing is, so that two exports to one place do not mix; one that was cut off has no last
object.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from studio.errors import StudioError
from studio.objects.clients import ObjectsError, client_of
from studio.objects.keys import Keys

PART_BYTES = 8 << 20
"""Of the lines of a part, before they are compressed."""
COMPLETE = "complete.json"


def export_to(store: Any, lines: Iterable[bytes], prefix: str = "") -> int:
    """Put lines into a store, below a prefix under which nothing was exported yet; gives how many.

    Raises:
        NotOffered: the store has no create-only puts.
        StudioError: something was exported there before.
        ObjectsError: the store does not answer; what was put stays, and no import takes it.
    """
    client, keys = client_of(store), Keys(prefix)
    count = parts = size = 0
    part: list[bytes] = []
    with asyncio.Runner() as runner:

        def put(name: str, body: bytes) -> None:
            if not runner.run(client.create(keys.at(name), body)):
                raise StudioError(
                    "something was exported there before", where=keys.at(name), fix="Name another place."
                )

        for line in lines:
            part.append(line)
            size += len(line)
            count += 1
            if size >= PART_BYTES:
                put(_part(parts), _packed(part))
                part, size, parts = [], 0, parts + 1
        if part:
            put(_part(parts), _packed(part))
            parts += 1
        put(COMPLETE, json.dumps({"parts": parts, "lines": count}).encode())
    return count


def import_from(store: Any, prefix: str = "") -> Iterator[bytes]:
    """The lines of an export.

    Raises:
        ObjectsError: there is none, it is not whole, or the store does not answer.
    """
    client, keys = client_of(store), Keys(prefix)
    with asyncio.Runner() as runner:

        def get(name: str) -> bytes:
            found = runner.run(client.get(keys.at(name)))
            if found is None:
                whole = "there is no export here, or it was cut off"
                raise ObjectsError(f"{keys.at(name)} is not there: {whole}")
            return found

        try:
            told = json.loads(get(COMPLETE))
            for number in range(int(told["parts"])):
                yield from zlib.decompress(get(_part(number))).splitlines()
        except (ValueError, KeyError, TypeError, zlib.error) as error:
            raise ObjectsError(f"what is there is no export: {error}") from error


def _part(number: int) -> str:
    return f"{number:05}.jsonl.z"


def _packed(lines: list[bytes]) -> bytes:
    return zlib.compress(b"\n".join(lines))

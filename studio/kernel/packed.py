"""Values of ours as few bytes: JSON, compressed. What they hold was checked where it came in."""

from __future__ import annotations

import json
import zlib
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def encode(value: Any) -> bytes:
    """A JSON value in the one spelling that `pack` compresses."""
    return _encode(value).encode()


def pack(value: Any) -> bytes:
    """A JSON value, compressed."""
    return zlib.compress(encode(value))


def unpack(packed: bytes) -> Any:
    """The value that `pack` was given.

    Raises:
        ValueError: these are no bytes of `pack`.
    """
    try:
        return json.loads(zlib.decompress(packed))
    except zlib.error as error:
        raise ValueError(f"it cannot be unpacked: {error}") from None

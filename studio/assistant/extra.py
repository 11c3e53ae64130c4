"""Whether the protocol's Python SDK is installed: asked before any other module of this room is imported."""

from __future__ import annotations

from importlib.util import find_spec

from studio.errors import StudioError


def need_mcp() -> None:
    """See that the SDK is there.

    Raises:
        StudioError: it is not, with what to install.
    """
    if find_spec("mcp") is None:
        raise StudioError(
            "the Python SDK of the Model Context Protocol is not installed",
            fix="Install it: pip install 'journey-studio[mcp]'.",
        )

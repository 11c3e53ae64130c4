"""Whether what this room is made of is installed: asked before any other module of it is imported."""

from __future__ import annotations

from importlib.util import find_spec

from studio.errors import StudioError


def need_temporal() -> None:
    """See that the Python SDK of Temporal is there.

    Raises:
        StudioError: it is not, with what to install.
    """
    if find_spec("temporalio") is None:
        raise StudioError(
            "Temporal's Python SDK is not installed",
            fix="Install it: pip install 'journey-studio[temporal]'.",
        )

"""Whether what a part of the program needs is installed: asked before a module of that part is imported."""

from __future__ import annotations

from importlib.util import find_spec

from studio.errors import StudioError

EXTRAS = {
    "http": ("starlette", "Starlette"),
    "mcp": ("mcp", "the Python SDK of the Model Context Protocol"),
    "metrics": ("prometheus_client", "the Python client of Prometheus"),
    "objects": ("obstore", "obstore"),
    "otel": ("opentelemetry", "the API of OpenTelemetry"),
    "postgres": ("psycopg", "psycopg"),
    "temporal": ("temporalio", "Temporal's Python SDK"),
}
"""The module that each extra brings, and what it is called."""


def need_extra(extra: str) -> None:
    """See that an extra is there.

    Raises:
        StudioError: it is not, with what to install.
    """
    module, what = EXTRAS[extra]
    if find_spec(module) is None:
        raise StudioError(
            f"{what} is not installed", fix=f"Install it: pip install 'journey-studio[{extra}]'."
        )

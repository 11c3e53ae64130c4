"""What every engine of a command begins and ends with: a look at its workflows, its faults, a polite end."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from studio.cli.output import complain
from studio.cli.settings import Settings
from studio.errors import NoWorkflows, StudioError

if TYPE_CHECKING:
    from studio.engine.engine import Engine
    from studio.engine.reload.hot_reload import Reloaded


def check_workflows(settings: Settings) -> None:
    """Refuse a folder of workflows that is not there.

    Raises:
        StudioError: it is not.
    """
    if not Path(settings.workflows).exists():
        raise StudioError(
            "there are no workflows here",
            where=settings.workflows,
            fix="Write one, such as workflows/welcome.py, or name another folder with --workflows.",
        )


def tell_problems(engine: Engine) -> None:
    """Say what did not load.

    Raises:
        NoWorkflows: there are Python files, and nothing in them that could run.
    """
    from studio.source.loader import told_passed_over

    if told := told_passed_over(engine.passed_over):
        complain(told, plain=True)
    for problem in engine.problems:
        if isinstance(problem, NoWorkflows):
            raise problem
        complain(str(problem))


def tell_untraced(settings: Settings) -> None:
    """Say that passes are traced and nobody takes the spans."""
    if not settings.otel:
        return
    from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider

    if isinstance(get_tracer_provider(), ProxyTracerProvider):
        complain(
            'otel is "on", and no provider of OpenTelemetry is set, so that spans go nowhere. Start it as'
            " opentelemetry-instrument journey-studio … .",
            plain=True,
        )


def tell_reload(reloaded: Reloaded) -> None:
    """Say what came of files that were read again."""
    for problem in reloaded.problems:
        complain(str(problem))
    if reloaded.report is not None:
        names = ", ".join((*reloaded.report.changed, *reloaded.report.added, *reloaded.report.removed))
        how = "reloaded" if reloaded.done else "saved, the old code still runs (r in the studio reloads)"
        complain(f"{names} {how}: {reloaded.report.summary}", plain=True)


def end_politely(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Let the first ctrl+c or polite kill set `stop`, and the second end the process as it does by itself."""

    def first() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, first)

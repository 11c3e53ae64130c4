"""A process that does one act of a case, says "done", and waits to be killed."""

from __future__ import annotations

import asyncio
import importlib
import sys
import threading
from pathlib import Path

from tests.conformance.case import Case
from tests.conformance.ways import one_act


def main(module: str, name: str, store: str, index: str) -> None:
    cases: list[Case] = importlib.import_module(f"tests.conformance.{module}").CASES
    (case,) = [case for case in cases if case.name == name]
    asyncio.run(_act(case, Path(store), int(index)))


async def _act(case: Case, store: Path, index: int) -> None:
    await one_act(case, store, index)
    print("done", flush=True)
    # No orderly end: the process is killed right here.
    threading.Event().wait(60)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The process that test_reload_kills.py kills in the midst of a reload.

Run as: python reload_child.py WORKFLOWS STORE COUNT. It lets so many journeys wait, says
"waiting", reloads at a line on its standard input, and says "done" when all have gone over.
"""

from __future__ import annotations

import sys
import time

from studio import Engine, incoming


def main(workflows: str, store: str, count: str) -> None:
    with Engine(workflows, store=store, durability="normal") as engine:
        if int(count):
            engine.submit([incoming("signup", f"user{n}") for n in range(int(count))]).result()
        print("waiting", flush=True)
        sys.stdin.readline()
        engine.reload_now()
        while engine.reloading:
            time.sleep(0.005)
        print("done", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])

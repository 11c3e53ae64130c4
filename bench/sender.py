"""The other process: sends the activation of each user whose id it reads, and says when it began to.

`time.monotonic()` is the machine's and not the process's, so whoever reads it can compare.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from studio import incoming
from studio.store.inbox import send


def main(store: Path) -> None:
    """Send until nothing more comes."""
    print("ready", flush=True)
    for line in sys.stdin:
        event = incoming("activated", line.strip())
        start = time.monotonic()
        send(store, [event])
        print(repr(start), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

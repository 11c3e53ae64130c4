"""The studio as one tab of a browser: a viewer that leaves when the server that started it is gone.

    python -m studio.tui.tab WORKFLOWS STORE LIFE

LIFE is the reading end of a pipe whose writing end the server holds.
"""

from __future__ import annotations

import os
import sys
import threading
import time

from studio.errors import StudioError
from studio.tui.app import StudioApp
from studio.tui.session.leaving import Leaving
from studio.tui.session.preferences import settings_path

LEAVE_SECONDS = 2.0


class TabApp(StudioApp):
    """Watches the pipe.

    Args:
        life: the pipe's reading end.
    """

    def __init__(self, workflows: str, store: str, life: int) -> None:
        super().__init__(workflows, store, mode="view", settings=settings_path())
        self._life = life

    def on_mount(self) -> None:
        """Begin to watch."""
        threading.Thread(target=self._watch, name="server", daemon=True).start()

    def _watch(self) -> None:
        # Nobody writes: what is read is the pipe's end, which is the server's.
        os.read(self._life, 1)
        self.call_later(self.exit)
        time.sleep(LEAVE_SECONDS)
        # A thread that hangs in a read would keep the process for ever.
        os._exit(1)


def main(arguments: list[str]) -> int:
    """Run until the tab is closed."""
    workflows, store, life = arguments
    app = TabApp(workflows, store, int(life))
    with Leaving(app.leave_from_elsewhere, None):
        app.run()
    if app.failure is not None:
        print(f"journey-studio: {app.failure}", file=sys.stderr)
    return app.return_code or 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StudioError as error:
        sys.exit(f"journey-studio: {error}")

"""`python -m journey_studio` is `journey-studio`."""

from __future__ import annotations

import sys

from journey_studio import clash


def main() -> None:
    """What the console script calls."""
    if (told := clash("-m journey_studio")) is not None:
        print(f"journey-studio: {told}", file=sys.stderr)
        sys.exit(2)
    from studio.cli import main as run

    run()


if __name__ == "__main__":
    main()

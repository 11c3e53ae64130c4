"""`python -m studio.cli` is `journey-studio`."""

from studio.cli import main

main()

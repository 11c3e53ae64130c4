"""A question before what cannot be taken back."""

from __future__ import annotations

import sys

import click

from studio.cli.output import complain
from studio.errors import StudioError

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def agreed(question: str, yes: bool) -> bool:
    """Whether it may be done: `--yes`, or a yes at the terminal, where no is the answer of ⏎.

    Raises:
        StudioError: there is nobody to ask.
    """
    if yes:
        return True
    if sys.stdin is None or not sys.stdin.isatty():
        raise StudioError("this needs a confirmation, and there is no terminal", fix="Give --yes.")
    if click.confirm(question, default=False, err=True):
        return True
    complain("Nothing was done.", plain=True)
    return False

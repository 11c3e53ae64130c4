"""Who acts, for the entries of acts that a team asks about later."""

from __future__ import annotations

import getpass

from studio.text.printable import cut

MOST_CHARS = 64


def operator() -> str | None:
    """The user of the machine under whom this process runs; None when nobody can tell."""
    try:
        return cut(getpass.getuser(), MOST_CHARS) or None
    except (OSError, KeyError, ImportError):
        # A user without a name, as in some containers: the entry says when, and not who.
        return None

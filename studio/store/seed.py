"""What the `random` and `uuid` of a store's journeys are drawn from.

A store draws from its salt, which chance has made, so that nobody can tell what another store draws. One
that is thrown away (`play`, tests, tries) may be given a seed instead, so that each run is as the one before;
idempotency keys are made from the salt all the same: a service that really is called must not take a second
run for the first.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from studio.errors import StoreError
from studio.store.connect import translate
from studio.store.database import open_database
from studio.store.meta import SET_META
from studio.store.schema import SEED, SEED_OF

FIXED = "journey-studio"
"""Where nobody says another."""


def give_seed(path: Path, seed: str) -> None:
    """Let an empty store draw from a seed.

    Raises:
        StoreError: the store draws from another, and journeys may have drawn from it; or it cannot be used.
    """
    con = open_database(path)
    try:
        own = con.execute(SEED_OF).fetchone()
        if own != (seed,) and con.execute("SELECT 1 FROM history LIMIT 1").fetchone() is not None:
            raise StoreError(
                "its random and uuid are drawn from a seed of its own",
                where=str(path),
                fix="Leave the seed out, or name a new store.",
            )
        con.execute(SET_META, (SEED, seed))
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()

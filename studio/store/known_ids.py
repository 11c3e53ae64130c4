"""Which senders' ids a store has taken, for whoever would fetch events from elsewhere."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from studio.store.connect import connect_reader, translate

KNOWN_IDS = "SELECT h.id FROM json_each(?) j CROSS JOIN history h ON h.id = j.value"


def known_ids(path: Path, ids: Iterable[str]) -> set[str]:
    """Those of these ids that events of the store's history have. Safe beside a running engine.

    Raises:
        StoreError: the store cannot be read.
    """
    con = connect_reader(path)
    try:
        return {id for (id,) in con.execute(KNOWN_IDS, (json.dumps(list(ids)),)).fetchall()}
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()

"""Names and places get numbers that count once their batch is written."""

from __future__ import annotations

from pathlib import Path

from studio.store.sqlite import Store
from tests.engine.work.parts import Parts
from tests.store.build import Builder


def test_a_name_that_is_there_keeps_its_number_and_a_new_one_gets_the_next(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    known = b.name("known")
    store = Store(b.done())
    parts = Parts(store)
    names = parts.names
    assert (names.name_id("known"), parts.changes.names) == (known, [])
    new = names.name_id("new")
    assert (new, names.name_id("new")) == (known + 1, known + 1)
    assert names.place_id(("/a/shop.py", 7)) == names.place_id(("/b/shop.py", 7)) == known + 2
    assert parts.changes.names == [(new, "new"), (known + 2, "shop.py:7")]
    assert [names.name_text(id) for id in (known, new, known + 2)] == ["known", "new", "shop.py:7"]
    # Not written: the next batch gives the same number to another.
    assert Parts(store).names.name_id("other") == new
    names.written()
    after = Parts(store).names
    assert (after.name_id("new"), after.name_id("other")) == (new, known + 3)
    store.abandon()

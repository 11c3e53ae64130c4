"""What a store keeps of pauses of workflows."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

from studio.store.meta import set_meta
from studio.store.views import Views
from studio.store.workflow_pauses import MOST_SPANS, PREFIX, WorkflowPause, pauses_of
from tests.store.build import Builder

PAUSE = WorkflowPause("welcome", "leaving", 1_000, "ada", ((3, 5), (9, 12)), 2_000, 500)


def test_a_pause_reads_back() -> None:
    key, text = PAUSE.row()
    assert key == "paused/welcome"
    assert pauses_of([(key[len(PREFIX) :], text)]) == {"welcome": PAUSE}
    plain = WorkflowPause("a/b", "paused", 1, None, ((1, None),))
    assert pauses_of([("a/b", plain.row()[1])]) == {"a/b": plain}


def test_it_held_between_the_entries_that_say_so() -> None:
    assert [seq for seq in range(15) if PAUSE.held(seq)] == [4, 10, 11]
    assert replace(PAUSE, spans=((3, None),)).held(1 << 40)
    assert [replace(PAUSE, state=state).stands for state in ("paused", "leaving", "over")] == [
        True,
        True,
        False,
    ]


def test_of_a_workflow_that_is_paused_again_and_again_the_newest_are_kept() -> None:
    often = replace(PAUSE, spans=tuple((2 * n, 2 * n + 1) for n in range(MOST_SPANS + 7)))
    kept = json.loads(often.row()[1])["spans"]
    assert (len(kept), kept[0]) == (MOST_SPANS, [14, 15])


def test_views_tell_which_stand(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "s.db")
    path = builder.done()
    builder.con.close()
    con = sqlite3.connect(path)
    over = replace(PAUSE, name="cart", state="over")
    set_meta(con, dict((PAUSE.row(), over.row())))
    con.commit()
    con.close()
    with Views(path) as views:
        assert views.pauses() == {"cart": over, "welcome": PAUSE}
        assert views.paused_workflows() == ["welcome"]

"""What an inspection gives, and how `--json` prints it."""

from __future__ import annotations

import json
from dataclasses import replace

from studio.engine.inspect.frames import Frame, Variable
from studio.engine.inspect.result import STATE_WORDS, Awaited, Inspection
from tests.engine.inspect.test_explanation_context import entry

MINE = Frame("/w/shop.py", 12, "shop", "await x", (Variable("n", "1", "int"),))
FOREIGN = Frame("/lib/json.py", 3, "loads", "raise", (), own=False)
SEEN = Inspection(
    "shop/ada", entry("wait.opened", "any#0"), True, "waiting", "waits", 1, 1_767_225_600_000, 7, "abc", True
)


def test_the_deepest_frame_of_the_authors_own_is_looked_at_first() -> None:
    assert SEEN.selected == -1
    assert replace(SEEN, frames=(MINE, MINE, FOREIGN)).selected == 1
    assert replace(SEEN, frames=(FOREIGN,)).selected == -1
    assert MINE.place == "shop.py:12"


def test_all_of_it_is_json_with_moments_as_people_read_them() -> None:
    member = Awaited("sleep", "sleep#0", None, None, 1_767_225_600_000, 1_767_225_601_000, False)
    group = Awaited("any", "any#0", None, None, None, None, False, (member,))
    shown = json.loads(json.dumps(replace(SEEN, frames=(MINE,), waits=group, note="why").as_json()))
    assert (shown["time"], shown["pass"], shown["selected"], shown["note"]) == (
        "2026-01-01T00:00:00.000Z", 1, 0, "why",
    )  # fmt: skip
    assert shown["frames"][0]["variables"] == [{"name": "n", "text": "1", "type": "int"}]
    (sleep,) = shown["waits"]["members"]
    assert (sleep["opened"], sleep["due"]) == ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:01.000Z")
    assert (shown["waits"]["opened"], shown["waits"]["due"]) == (None, None)
    assert SEEN.as_json()["waits"] is None


def test_each_state_has_its_words() -> None:
    assert set(STATE_WORDS) == {"begins", "waits", "said", "returned", "raised", "hangs"}

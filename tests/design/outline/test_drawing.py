"""The drawing: golden pictures that were looked at, and what holds at any width."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.design.outline.drawing import draw, text_of
from studio.design.outline.flow_reader import read
from studio.design.outline.model import Outline
from studio.design.outline.tally import NodeTally
from studio.source import loader
from studio.text.printable import cells
from tests.design.outline.support import body, outline, picture

ROOT = Path(__file__).parents[3]
EXAMPLES = {name: read(each) for name, each in loader.load(ROOT / "workflows").workflows.items()}

PICTURES = {
    "onboarding": """
● app/*, reminder/*  starts a pass  :17
│
├─◇ if not journey.user.email  :18
│ ╰ ↻ next pass  :19
│
○ reminder/account.created  so far  email  :24
│
◷ app/account.created  backoff  email  :26
├─────────────┐
│ ◉ matched   ┃ timed out
│             │ › "waited {backoff} for account.created -> send reminder to create account"  :28
│             │ ◆ reminder/account.created  email  :31
│             ╰ ↻ next pass  :31
│
◷ app/email.verified  6s  user  :36
├─────────────┐
│ ◉ matched   ┃ timed out
│             │ › "waited 6s for app/email.verified -> no email verified, wait for it"  :38
│             ╰ ↻ next pass  :39
│
◷ app/login  ∞  user  :42
│
◷ app/post.created  ∞  **user, id="post1"  :45
│
◷ app/post.created  2s  **user, id="post2"  :48
├─────────────┐
│ ◉ matched   ┃ timed out
│             │ › "waited 2s for post2 created -> send reminder to write post2"  :50
│             ╰ ↻ next pass  :51
│
› "end of workflow"  :53
✓ completed {"ok": True}  :54
""",
    "trial": """
● trial/started  starts a pass  :31
│
■ send welcome  send_email  retries 5  pause 10s  :33
› note "11 days to look round"  :35
│
◷ billing/paid  11d  :36
├─────────────┐
│ ◉ matched   ┃ timed out
│             │ ■ send reminder  send_email  retries 5  :38
│             │ › note "3 days left"  :39
│             │ ◷ billing/paid  3d  :40
├─────────────╯
│
├─◉ if paid  matched  :42
│ │ › note "customer, {plan}"  :44
│ │ ■ send thanks  send_email  retries 5  :45
│ ╰ ✓ completed {"converted": True, "plan": plan}  :46
│
› note "expired"  :48
■ close account  close_account  retries 5  :49
◆ trial/expired  after="14d"  :51
✓ completed {"converted": False}  :52
""",
    "cart": """
● cart/created  starts a pass  one journey per cart_id  again after its end  exits on user/uns…  :22
│
├▸↻ for number, pause in enumerate(("1h", "1d", "3d"), start=1)  :25
╎ ◷ first of 2  pause  :28
╎ ├╴◷ cart/checked_out  :29
╎ ├╴◷ cart/emptied  :30
╎ ├─◉ if bought  matched  :33
╎ │ │ › "cart {cart_id} bought, reminders: {number - 1}"  :34
╎ │ ╰ ✓ completed {"bought": True, "reminders": number - 1}  :35
╎ ├─◉ if emptied  matched  :36
╎ │ │ › "cart {cart_id} emptied"  :37
╎ │ ╰ ✓ completed {"bought": False, "reminders": number - 1}  :38
╎ ■ send reminder  send_reminder  retries 3  :39
├─╯ next round
│
› "cart {cart_id} given up"  :41
✓ completed {"bought": False, "reminders": 3}  :42
""",
}
"""At 100 columns."""


@pytest.mark.parametrize("name", PICTURES)
def test_the_examples_are_drawn(name: str) -> None:
    assert picture(EXAMPLES[name]) == PICTURES[name].strip("\n")


def drawn(statements: str) -> list[str]:
    """The rows of statements, without the start and the gap below it."""
    return picture(body(statements)).splitlines()[2:]


def test_the_side_that_goes_on_stays_on_the_line() -> None:
    assert drawn('x = await journey.wait_for("a", timeout="1d")\nif x:\n    return 1\nprint(2)') == [
        "◷ a  1d  :2",
        "├──────────────┐",
        "│ ┃ timed out  ◉ matched",
        "│              ╰ ✓ completed 1  :4",
        "│",
        "› 2  :5",
        "↻ next pass  :5",
    ]


def test_a_time_by_the_users_clock_is_drawn_as_a_wait_for_it() -> None:
    text = (
        'await journey.until("09:00", on="mon-fri", if_past="skip")\nx = await journey.until("08:00", days=1)'
    )
    assert drawn(text)[:2] == ["☾ until 09:00  mon-fri  if_past skip  :2", "☾ until 08:00  days 1  :3"]


def test_a_message_is_drawn_with_its_channel() -> None:
    text = 'await journey.message(email, "day 1", send, to=1, retries=3, valid_for="6h")'
    assert drawn(text)[0] == "◆ day 1  email  send  retries 3  valid_for 6h  :2"


def test_a_digest_is_drawn_as_a_wait() -> None:
    text = 'found = await journey.collect("comment", quiet="10m", timeout="1d")\nif found:\n    return 1'
    assert drawn(text)[0] == "◷ comment  1d  quiet 10m  :2"


def test_a_split_has_its_arms_below_it() -> None:
    text = 'arm = await journey.split("subject", {"a": 50, "b": 100 - 50}, gone="a")\n'
    text += 'if arm == "a":\n    print(1)'
    assert drawn(text) == [
        "◇ subject  gone a  :2",
        "├╴○ a 50%",
        "├╴○ b 100 - 50%",
        "│",
        '├─◇ if arm == "a"  :3',
        "│ │ › 1  :4",
        "├─╯",
        "│",
        "↻ next pass  :4",
    ]


def test_two_sides_that_both_go_on_are_drawn_below_each_other() -> None:
    text = 'x = await journey.wait_for("a", timeout="1d")\nif x:\n    print(1)\nelse:\n    print(2)\nprint(3)'
    assert drawn(text)[:8] == [
        "◷ a  1d  :2",
        "├─◉ if x  matched  :3",
        "│ │ › 1  :4",
        "├─╯",
        "├─┃ else  timed out  :6",
        "│ │ › 2  :6",
        "├─╯",
        "│",
    ]


def test_loops_go_up_again_at_their_left() -> None:
    text = """
    while True:
        try:
            await journey.step("charge", charge)
            break
        except StepFailed:
            await journey.sleep("1h")
        finally:
            print("tried")
    """
    assert drawn(text) == [
        "├▸↻ while True  :2",
        "╎ ├╴try  :3",
        "╎ ┊ ■ charge  charge  :4",
        "╎ ┊ ↓ leaves the loop  :5",
        "╎ ├─✗ except StepFailed  :6",
        "╎ │ │ ☾ 1h  :7",
        "╎ ├─╯",
        "╎ ├╴finally  :9",
        '╎ ┊ › "tried"  :9',
        "├─╯ next round",
        "│",
        "↻ next pass  :9",
    ]


def test_what_is_folded_says_how_much_it_hides() -> None:
    found = EXAMPLES["onboarding"]
    (branch,) = [node for node in found.walk() if node.place == "onboarding.py:27"]
    rows = draw(found, 80, folded={branch.id})
    assert "│ ◉ matched   ┃ timed out  ⋯ 3 folded" in text_of(rows)
    assert not any("waited {backoff}" in row.text for row in rows)
    loop = EXAMPLES["cart"].nodes[1]
    (folded,) = [row for row in draw(EXAMPLES["cart"], 100, folded={loop.id}) if row.node == loop.id]
    assert folded.text.endswith("⋯ 10 folded  :25")


def test_the_columns_of_numbers_never_move() -> None:
    found = EXAMPLES["onboarding"]
    counts = {
        node.id: NodeTally(now=21, matched=101, timed_out=27, median_ms=41_300)
        for node in found.walk()
        if node.kind == "wait"
    }
    for width in (50, 62, 80, 140):
        rows = draw(found, width, counts)
        assert rows[0].text.endswith("     ever")
        told = [row.text for row in rows if row.text.endswith("     149")]
        assert len(told) == 5
        assert {cells(text) for text in told} == {width}
        assert all(text[-18:] == "     ◷ 21      149" for text in told)
    assert any("│ ◉ 79%  41s" in row.text and row.text.endswith("101·27") for row in rows)
    assert any("┃ 21%  timed out" in row.text for row in rows)


def test_the_way_that_most_go_is_heavy_and_each_says_its_share() -> None:
    text = 'x = await journey.wait_for("a", timeout="1d")\nif x:\n    print(1)\nelse:\n    print(2)\nprint(3)'
    found = body(text)
    wait = next(node for node in found.walk() if node.kind == "wait")
    told = [row.text for row in draw(found, 80, {wait.id: NodeTally(matched=3, timed_out=1)})]
    assert any(row.startswith("┝━◉ if x  matched 75%") for row in told)
    assert any(row.startswith("├─┃ else  timed out 25%") for row in told)
    beside = 'x = await journey.wait_for("a", timeout="1d")\nif not x:\n    return None\nprint(3)'
    found = body(beside)
    wait = next(node for node in found.walk() if node.kind == "wait")
    late = {wait.id: NodeTally(matched=1, timed_out=3)}
    assert any(
        row.text.startswith("┝━━") and row.text.rstrip().endswith("━┑") for row in draw(found, 80, late)
    )
    assert not any("━" in row.text for row in draw(found, 80))


def test_text_goes_on_into_the_columns_of_numbers_where_a_row_has_none() -> None:
    found = EXAMPLES["onboarding"]
    wait = next(node for node in found.walk() if node.kind == "wait")
    rows = draw(found, 80, {wait.id: NodeTally(now=0, matched=1, timed_out=2, median_ms=10)})
    (log,) = [row.text for row in rows if "waited {backoff}" in row.text]
    assert cells(log) > 80 - 18, "cut where the row ends, not where the numbers of others begin"
    assert all(cells(row.text) <= 80 for row in rows)


def test_a_place_that_is_drawn_twice_says_that_it_counts_both() -> None:
    found = outline(
        """
        async def ask(j):
            await j.wait_for("a")

        async def flow(j):
            await ask(j)
            await ask(j)
        """
    )
    counts = {node.id: NodeTally(matched=4) for node in found.walk() if node.kind == "wait"}
    assert sum(":3 ×2" in row.text for row in draw(found, 80, counts)) == 2
    assert not any("×2" in row.text for row in draw(found, 80))


def test_rows_say_to_which_node_and_line_they_belong() -> None:
    found = EXAMPLES["trial"]
    rows = draw(found, 100)
    ids = {node.id for node in found.walk()}
    assert {row.node for row in rows if row.node} == ids
    assert all(row.line > 0 for row in rows if row.node)
    assert all(row.line == 0 for row in rows if not row.node)


HOSTILE = 'await journey.wait_for("[red]x[/] \\x1b]0;t\\x07 \\u202e 名前 é <b>&amp;</b>")'


def test_text_of_the_source_is_shown_as_data() -> None:
    (wait, _) = drawn(HOSTILE)[0], drawn(HOSTILE)
    assert "[red]x[/]" in wait
    assert "\\x1b]0;t\\x07" in wait
    assert "\\u202e 名前" in wait
    assert not any(ord(char) < 32 or char == "\u202e" for row in drawn(HOSTILE) for char in row)


def nested(depth: int) -> Outline:
    lines = [f"{'    ' * n}if a{n}:" for n in range(depth)]
    return body(
        "\n".join([*lines, f"{'    ' * depth}await journey.wait_for('名' * 3, timeout={'x' * 200!r})"])
    )


def test_what_is_nested_too_deeply_is_folded() -> None:
    texts = picture(nested(60), 80).splitlines()
    assert any("⋯" in text and "more" in text for text in texts)
    assert max(map(cells, texts)) <= 80


SHAPES = {**EXAMPLES, "deep": nested(5), "deeper": nested(30), "hostile": body(HOSTILE)}


@given(st.sampled_from(list(SHAPES)), st.integers(30, 200))
def test_no_row_is_wider_than_asked(name: str, width: int) -> None:
    found = SHAPES[name]
    counts = {node.id: NodeTally(now=123_456, matched=9_999_999, timed_out=1) for node in found.walk()}
    assert max(cells(row.text) for row in draw(found, width)) <= width
    assert max(cells(row.text) for row in draw(found, max(width, 50), counts)) <= max(width, 50)

"""New lines between others: where they go, and how they read."""

from __future__ import annotations

import pytest

from studio.design.editing import insert
from studio.design.editing.templates import (
    NewCollection,
    NewLog,
    NewMessage,
    NewReminder,
    NewSleep,
    NewSplit,
    NewStep,
    NewUntil,
    NewWait,
    Template,
    Where,
)
from studio.errors import EditError
from tests.design.editing.support import body_of, node, refused, source

BODY = """
# Who comes.
login = await journey.wait_for("app/login", timeout="1d")
if not login:
    return None
    # Nobody.

# What then.
await journey.sleep("1h")
"""


def inserted(body: str, kind: str, where: Where, template: Template, line: int | None = None) -> list[str]:
    text = source(body)
    edit = insert(text, node(text, kind, line), where, template)
    assert edit.source.splitlines()[edit.line - 1].strip()
    return body_of(edit).splitlines()


def test_after_a_wait_is_after_the_branch_for_its_timeout() -> None:
    lines = inserted(BODY, "wait", "after", NewSleep("2h"))
    assert lines[3:8] == ["    return None", "    # Nobody.", "", 'await journey.sleep("2h")', ""]


def test_between_a_wait_and_its_branch_is_before_the_branch() -> None:
    assert inserted(BODY, "branch", "before", NewLog("x"))[2:4] == ['journey.log("x")', "if not login:"]


def test_comments_stay_with_the_statement_that_they_are_about() -> None:
    assert inserted(BODY, "wait", "before", NewLog("x"))[:2] == ['journey.log("x")', "# Who comes."]
    lines = inserted(BODY, "sleep", "before", NewLog("x"))
    assert lines[5:9] == ["", 'journey.log("x")', "", "# What then."]


def test_a_wait_comes_with_its_timed_out_branch() -> None:
    lines = inserted(BODY, "sleep", "after", NewWait("app/login", "3d", {"id": 1}))
    assert lines[-3:] == [
        'login2 = await journey.wait_for("app/login", match={"id": 1}, timeout="3d")',
        "if not login2:",
        '    journey.log("waited 3d for app/login")',
    ]
    lines = inserted(BODY, "sleep", "after", NewWait("app/class", "3d", timed_out="pass"))
    assert lines[-4:-2] == ['class2 = await journey.wait_for("app/class", timeout="3d")', "if not class2:"]
    assert lines[-1] == "    return None"
    assert inserted(BODY, "sleep", "after", NewWait("a/*"))[-1] == 'await journey.wait_for("a/*")'
    assert "arrived = " in inserted(BODY, "sleep", "after", NewWait("a/*", "1d"))[-3]


def test_a_reminder_is_an_event() -> None:
    line = inserted(BODY, "return", "before", NewReminder("reminder/login", {"n": 1, "of": ["a", None]}), 9)[
        3
    ]
    assert line == '    await journey.ingest("reminder/login", {"n": 1, "of": ["a", None]})'
    assert inserted(BODY, "sleep", "after", NewReminder("r"))[-1] == 'await journey.ingest("r")'


def test_a_step_comes_with_a_function_above_the_workflow() -> None:
    text = source(BODY).replace("@workflow", "# Goes.\n@workflow")
    edit = insert(text, node(text, "sleep"), "after", NewStep("send Welcome!", 3))
    assert edit.source.startswith(
        "from studio import Journey, workflow\n\n\n"
        "def send_welcome(user: str) -> None:\n"
        '    print("send Welcome!", user)  # Here: what this step is to do.\n\n\n'
        "# Goes.\n@workflow"
    )
    line = edit.source.splitlines()[edit.line - 1]
    assert line == '    await journey.step("send Welcome!", send_welcome, journey.user.id, retries=3)'


def test_the_ends_of_the_function_take_lines_too() -> None:
    assert inserted('"""Doc."""\njourney.log("a")', "start", "after", NewLog("x"))[:2] == [
        '"""Doc."""',
        'journey.log("x")',
    ]
    assert inserted("# c\njourney.log('a')", "start", "after", NewLog("x"))[0] == 'journey.log("x")'
    body = "if x:\n    journey.log('a')\n    # foot"
    assert inserted(body, "return", "before", NewLog("x"))[2:] == ["    # foot", "", 'journey.log("x")']


def test_the_journey_is_called_as_it_is_there() -> None:
    text = "async def ask(j: 'Journey'):\n    if x:\n        j.log('a')\n        return 1\n\n"
    text += source("await ask(journey)")
    edit = insert(text, node(text, "return", 4), "before", NewSleep("1h"))
    assert edit.source.splitlines()[3] == "        await j.sleep('1h')"


def test_long_calls_are_laid_out() -> None:
    lines = inserted(BODY, "sleep", "after", NewReminder("r" * 60, {"b" * 18: 1}))
    assert lines[-3:] == ["await journey.ingest(", f'    "{"r" * 60}", {{"{"b" * 18}": 1}}', ")"]
    lines = inserted(BODY, "sleep", "after", NewReminder("r" * 60, {"b" * 40: 1}))
    assert lines[-4:] == ["await journey.ingest(", f'    "{"r" * 60}",', f'    {{"{"b" * 40}": 1}},', ")"]


@pytest.mark.parametrize(
    ("body", "kind", "where", "template", "why"),
    [
        ("return {'a': 1}", "return", "after", NewLog("x"), "flow.py:6: nothing that follows it is reached"),
        ("return await journey.ingest('a')", "ingest", "after", NewLog("x"), "nothing that follows"),
        ("if await journey.wait_for('a'):\n    print(1)", "wait", "after", NewLog("x"), "in a condition"),
        ("while await journey.wait_for('a'):\n    print(1)", "wait", "before", NewLog("x"), "of a loop"),
        (
            "if x:\n    print(1)\nelif await journey.wait_for('a'):\n    print(2)",
            "wait",
            "before",
            NewLog("x"),
            "elif",
        ),
        ("x and await journey.wait_for('a')", "wait", "before", NewLog("x"), "may be passed over"),
        ("y = await journey.wait_for('a') if x else 1", "wait", "after", NewLog("x"), "may be passed over"),
        ("if x: print(1)", "log", "before", NewLog("x"), "flow.py:6: it stands on the line"),
        ("print(1); print(2)", "log", "before", NewLog("x"), "several statements share its line"),
        ("a = journey.wait_for('a')\nprint(1)\nawait a", "wait", "before", NewLog("x"), "awaited elsewhere"),
        ("print(1)", "start", "before", NewLog("x"), "nothing of the journey can stand there"),
        ("print(1)", "return", "after", NewLog("x"), "the journey's pass ends there"),
        ("print(1)", "log", "before", NewSleep("soon"), "not a duration"),
        ("print(1)", "log", "before", NewWait(""), "is empty"),
        ("print(1)", "log", "before", NewWait("a", "1s", {"k": {1, 2}}), "JSON cannot hold"),
        ("print(1)", "log", "before", NewReminder("a\n"), "control character"),
        ("def say():\n    journey.log('a')\nsay()", "log", "after", NewSleep("1s"), "is not async"),
    ],
)
def test_where_nothing_can_stand_is_refused(
    body: str, kind: str, where: Where, template: Template, why: str
) -> None:
    text = source(body)
    with pytest.raises(EditError) as raised:
        insert(text, node(text, kind), where, template)
    assert why in refused(raised)


def test_a_return_in_a_helper_does_not_end_the_pass() -> None:
    text = "async def ask(journey):\n    await journey.sleep('1h')\n\n\n" + source("await ask(journey)")
    with pytest.raises(EditError, match=r"a return here leaves ask\(\)"):
        insert(text, node(text, "sleep"), "after", NewWait("a", "1d", timed_out="pass"))


def test_a_time_of_the_users_clock() -> None:
    lines = inserted(BODY, "sleep", "after", NewUntil("09:00", on="mon-fri"))
    assert lines[-1] == 'await journey.until("09:00", on="mon-fri")'
    assert inserted(BODY, "sleep", "after", NewUntil("09:00", days=1))[-1].endswith(", days=1)")
    with pytest.raises(EditError, match="Give one of them"):
        inserted(BODY, "sleep", "after", NewUntil("09:00", on="thu", date="2026-05-01"))


def test_a_collection_says_how_many_came() -> None:
    assert inserted(BODY, "sleep", "after", NewCollection("comment/added", "10m", "1h"))[-2:] == [
        'added = await journey.collect("comment/added", quiet="10m", at_most="1h")',
        'journey.log(f"comment/added came {len(added)} times")',
    ]


def test_a_split_has_a_branch_for_each_arm() -> None:
    lines = inserted(BODY, "sleep", "after", NewSplit("subject", {"a": 50, "b": 30, "c": 20}))
    assert lines[-7:] == [
        'subject = await journey.split("subject", {"a": 50, "b": 30, "c": 20})',
        'if subject == "a":',
        '    journey.log("subject: a")',
        'elif subject == "b":',
        '    journey.log("subject: b")',
        "else:",
        '    journey.log("subject: c")',
    ]
    with pytest.raises(EditError, match="add up to 50, not to 100"):
        inserted(BODY, "sleep", "after", NewSplit("subject", {"a": 50}))


def test_a_message_comes_with_its_channel_and_its_function() -> None:
    text = source(BODY)
    edit = insert(text, node(text, "sleep"), "after", NewMessage("email", "email"))
    assert edit.source.startswith(
        "from studio import Journey, channel, workflow\n\n\n"
        'email = channel("email")\n\n\n'
        "def send_email(user: str) -> None:\n"
        '    print("email", user)  # Here: what sends this message.\n\n\n'
        "@workflow"
    )
    line = edit.source.splitlines()[edit.line - 1]
    assert line == '    await journey.message(email, "email", send_email, journey.user.id)'
    # The second takes the channel that is there.
    more = insert(edit.source, node(edit.source, "sleep"), "before", NewMessage("email", "day 2"))
    assert more.source.count("channel(") == 1
    assert "def day_2(user: str)" in more.source
    with pytest.raises(EditError, match="the channel's name is empty"):
        insert(text, node(text, "sleep"), "after", NewMessage("", "day 1"))
    # A name that the file has for something else is the channel's, and not the variable's.
    text = source("email = journey.user.email\n" + BODY)
    edit = insert(text, node(text, "sleep"), "after", NewMessage("email", "day 1"))
    assert 'email_channel = channel("email")' in edit.source
    more = insert(edit.source, node(edit.source, "sleep"), "before", NewMessage("email", "day 2"))
    assert more.source.count("channel(") == 1
    assert 'journey.message(email_channel, "day 2", day_2, journey.user.id)' in more.source

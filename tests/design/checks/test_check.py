"""What `check` finds in workflows, and what it leaves alone."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.design.checks.check import check
from studio.design.checks.findings import CheckFinding
from studio.source import loader

ROOT = Path(__file__).parents[3]

HEAD = """\
from studio import Journey, StepFailed, workflow


async def send(to):
    pass


@workflow(trigger="go")
async def it(journey):
"""


@pytest.fixture(autouse=True)
def _modules() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("studio_workflows.", "_helpers")):
            module = sys.modules.pop(name)
            if isinstance(con := getattr(module, "con", None), sqlite3.Connection):
                con.close()


def found(tmp_path: Path, source: str, history: list[str] | None = None) -> list[CheckFinding]:
    """The findings in a file."""
    path = tmp_path / "flow.py"
    path.write_text(source)
    loaded = loader.load(path)
    assert loaded.problems == []
    return check(loaded.workflows, history)


def marked(tmp_path: Path, source: str, history: list[str] | None = None) -> None:
    """Each finding must stand at a line that ends in `# rule`, and each such line have one."""
    wanted = {
        (number, rule)
        for number, line in enumerate(source.splitlines(), 1)
        if (match := re.search(r"# ([a-z-]+(?:, [a-z-]+)*)$", line))
        for rule in match[1].split(", ")
    }
    findings = found(tmp_path, source, history)
    assert {(each.line, each.rule) for each in findings} == wanted, [str(each) for each in findings]
    assert len(findings) == len(wanted)


def body(text: str, head: str = "") -> str:
    """A file with one workflow of this body."""
    lines = "".join(f"    {line}\n" if line else "\n" for line in text.strip("\n").splitlines())
    return head + HEAD + lines + "    return {}\n"


@pytest.mark.parametrize(
    ("head", "text"),
    [
        # The clock, under whatever name it was imported.
        ("import time\n", "journey.log(time.time())  # clock"),
        ("import time as t\n", "journey.log(t.monotonic())  # clock"),
        ("from time import time_ns as ns\n", "journey.log(ns())  # clock"),
        ("from datetime import datetime as dt\n", "journey.log(dt.now().isoformat())  # clock"),
        ("import datetime\n", "journey.log(datetime.date.today())  # clock"),
        ("from datetime import datetime\nnow = datetime.now\n", "journey.log(now())  # clock"),
        ("", "import time\njourney.log(time.time())  # clock"),
        ("", "from datetime import date\njourney.log([date.today() for _ in 'ab'])  # clock"),
        ("import time\n", "await journey.sleep(time.time() % 5)  # clock"),
        ("import time\n", "await journey.step('s', send, time.time())  # clock"),
        ("import time\n", "if time.time() > 5:  # clock\n    journey.log('late')"),
        # Chance.
        ("import random\n", "journey.log(random.choice('ab'))  # random"),
        ("from random import random as chance\n", "journey.log(chance())  # random"),
        ("import random\nrng = random.Random(1)\n", "journey.log(rng.random())  # random"),
        ("import random\n", "journey.log(random.Random().random())  # random"),
        ("import uuid\n", "journey.log(uuid.uuid4())  # random"),
        ("import secrets, os\n", "journey.log(secrets.token_hex())  # random\nos.urandom(3)  # random"),
        # Effects.
        ("import urllib.request\n", "urllib.request.urlopen('http://x')  # effect"),
        ("import smtplib\n", "smtplib.SMTP('x')  # effect"),
        ("import socket as s\n", "s.create_connection(('x', 1))  # effect"),
        ("import subprocess\n", "subprocess.run(['ls'])  # effect"),
        ("import os\n", "os.system('ls')  # effect"),
        ("from pathlib import Path\n", "Path('x').write_text('y')  # effect"),
        ("from pathlib import Path\n", "p = Path('x')\np.unlink()  # effect"),
        ("", "with open('x') as file:  # effect\n    journey.log(file)"),
        ("", "journey.user['file'].write_text('x')  # effect"),
        ("import time\n", "time.sleep(3)  # effect"),
        ("import threading\n", "threading.Thread(target=print).start()  # effect"),
        ("import sqlite3\ncon = sqlite3.connect(':memory:')\n", "con.execute('SELECT 1')  # effect"),
        # Foreign awaits.
        ("import asyncio\n", "await asyncio.sleep(1)  # foreign-await"),
        ("from asyncio import sleep as nap\n", "await nap(1)  # foreign-await"),
        (
            "import asyncio\n",
            "await asyncio.gather(journey.wait_for('a', timeout=1))  # foreign-await",
        ),
        ("import asyncio\n", "async with asyncio.timeout(3):  # foreign-await\n    pass"),
        # finally
        (
            "import os\n",
            "try:\n    await journey.sleep(1)\nfinally:\n    os.remove('x')  # finally",
        ),
        # Loops without end.
        (
            "",
            "while True:\n    if await journey.wait_for('x', timeout=1):\n        return 1\n"
            "journey.log('never')  # endless-loop",
        ),
        (
            "import itertools\n",
            "for n in itertools.count():\n    await journey.sleep(n)\nreturn 1  # endless-loop",
        ),
        ("", "while True:\n    for x in 'ab':\n        break\nreturn 1  # endless-loop"),
        # Waits.
        ("", "await journey.wait_for('x')  # no-timeout"),
        ("", "await journey.wait_for('x', None, None)  # no-timeout"),
        ("", "await journey.wait_any(journey.wait_for('x', timeout=1), journey.wait_for('y'))  # no-timeout"),
        ("", "await journey.wait_all(*[journey.wait_for(n) for n in 'ab'])  # no-timeout"),
        # Steps.
        ("", "await journey.step('s', lambda: 1)  # not-importable"),
        ("", "def near():\n    pass\nawait journey.step('s', near)  # not-importable"),
        ("import functools\n", "await journey.step('s', functools.partial(send, 1))  # not-importable"),
        ("", "await journey.step('s', send, 1)  # second-pass\nif journey.user.email:\n    return"),
        (
            "",
            "for n in range(3):\n    if n == 2:\n        return await journey.ingest('n')\n"
            "    await journey.step('s', send, 1)  # second-pass",
        ),
        (
            "",
            "try:\n    await journey.step('s', send, 1)  # second-pass\nexcept StepFailed:\n    return None",
        ),
        ("", "await journey.step('s', send, 1)  # second-pass\nawait journey.new_pass()"),
    ],
)
def test_what_is_wrong_is_found_at_its_line(tmp_path: Path, head: str, text: str) -> None:
    marked(tmp_path, body(text, head))


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("", "journey.log(journey.now(), journey.random(), journey.uuid())"),
        ("import time\n", "await journey.step('s', time.time)"),
        ("import time\n", "await journey.step('s', send, time.gmtime(0))"),
        ("import random\n", "journey.log(random.Random(journey.id).random())"),
        ("import datetime\n", "journey.log(datetime.timedelta(days=1), datetime.datetime(2026, 1, 1))"),
        # The name stands for something else here.
        ("import time\n", "time = journey.now\njourney.log(time())"),
        ("import random\n", "for random in [len]:\n    journey.log(random('x'))"),
        ("", "open = print\nopen('x')"),
        (
            "from pathlib import Path, PurePath\n",
            "journey.log(Path('x').name, PurePath('x').with_suffix('.y'))",
        ),
        ("import logging\nlog = logging.getLogger('x')\n", "log.info('y')\nprint('z')"),
        # What is not called here.
        ("import time\n", "def later():\n    return time.time()\njourney.log('x')"),
        ("", "await journey.wait_for('x', timeout='1d')"),
        ("", "await journey.wait_for('x', {}, '1d')"),
        ("", "await journey.wait_any(journey.wait_for('x'), journey.wait_for('y'), timeout=1)"),
        ("", "await journey.wait_any(journey.wait_for('x'), journey.sleep('1d'))"),
        ("", "wait = journey.wait_for('x')\nawait journey.wait_any(wait, timeout=1)"),
        ("", "await journey.step('s', send, 1)\nreturn {'done': True}"),
        ("", "if not journey.user.email:\n    return\nawait journey.step('s', send, 1)"),
        ("", "await journey.step('s', send, 1, once=True)\nif journey.user.email:\n    return"),
        ("", "while True:\n    if await journey.wait_for('x', timeout=1):\n        break\njourney.log('x')"),
        ("", "try:\n    await journey.sleep(1)\nfinally:\n    journey.log('x')"),
        ("", "command = journey.sleep(1)\nawait command"),
        ("", "await journey.trigger['unknown'].thing()"),
    ],
)
def test_what_is_right_is_left_alone(tmp_path: Path, head: str, text: str) -> None:
    marked(tmp_path, body(text, head))


def test_functions_that_are_called_are_read_here_and_in_the_authors_own_modules(tmp_path: Path) -> None:
    (tmp_path / "_helpers.py").write_text(
        "import time\n\nfrom _helpers_too import deep\n\n\n"
        "async def remind(journey, name):\n"
        "    journey.log(time.time())\n"
        "    deep()\n"
        "    await journey.step('remind', lambda: 1)\n"
        "    return await journey.wait_for(name)\n\n\n"
        "def unused():\n    time.time()\n"
    )
    (tmp_path / "_helpers_too.py").write_text("import os\n\n\ndef deep():\n    os.system('x')\n")
    text = (
        "from _helpers import remind\nimport _helpers as h\n\n\n"
        + HEAD
        + "    await remind(journey, 'x')\n    await h.remind(journey, name='y')\n"
        "    await here(journey)\n\n\n"
        "async def here(j: Journey):\n    try:\n        await j.sleep(1)\n    finally:\n        clean()\n\n\n"
        "def clean():\n    open('x')\n"
    )
    findings = found(tmp_path, text)
    assert [(Path(each.path).name, each.line, each.rule) for each in findings] == [
        ("_helpers.py", 7, "clock"),
        ("_helpers.py", 9, "not-importable"),
        ("_helpers.py", 9, "second-pass"),
        ("_helpers.py", 10, "no-timeout"),
        ("_helpers_too.py", 5, "effect"),
        ("flow.py", 27, "finally"),
    ]
    assert {each.workflow for each in findings} == {"it"}


def test_a_comment_says_that_a_line_is_meant_so(tmp_path: Path) -> None:
    text = (
        "await journey.wait_for('x')  # studio: ok\n"
        "await journey.wait_for(\n    'y',  # studio: ok, they come back when they like\n)\n"
        "await journey.wait_for('z')  # no-timeout"
    )
    marked(tmp_path, body(text))


def test_recursion_ends(tmp_path: Path) -> None:
    text = (
        "async def again(journey):\n    await again(journey)\n    await journey.wait_for('x')  # no-timeout\n"
    )
    marked(tmp_path, text + body("await again(journey)"))


def test_a_workflow_behind_another_decorator_is_read_and_one_without_source_is_told(tmp_path: Path) -> None:
    head = (
        "import functools\n\n\ndef other(function):\n    @functools.wraps(function)\n"
        "    async def inner(journey):\n        return await function(journey)\n    return inner\n"
    )
    source = head + HEAD.replace("async def it", "@other\nasync def it") + "    await journey.wait_for('x')\n"
    assert [(each.line, each.rule) for each in found(tmp_path, source)] == [(19, "no-timeout")]
    source = "from studio import workflow\nexec('async def it(journey): pass')\nit = workflow(it)\n"
    (tmp_path / "made.py").write_text(source)
    loaded = loader.load(tmp_path / "made.py")
    assert [each.rule for each in check(loaded.workflows)] == ([] if not loaded.workflows else ["unread"])


# -- names of events ---------------------------------------------------------------------------

NAMES = """\
from studio import workflow


@workflow(trigger="app/signup")
async def one(journey):
    await journey.ingest("reminder/account")
    await journey.wait_for("app/login", timeout=1)
    await journey.wait_for("app/login", timeout=1)
    await journey.wait_for("reminder/acount", timeout=1)  # slip
    await journey.wait_for(["app/sign-up", "app/logn"], timeout=1)  # slip, slip-too
    journey.events("app/post1", "app/post2")
    return {}
"""


def test_slips_of_names_are_warned_of(tmp_path: Path) -> None:
    findings = found(tmp_path, NAMES)
    assert [(each.line, each.rule) for each in findings] == [(9, "slip"), (10, "slip"), (10, "slip")]
    texts = [each.what for each in findings]
    assert texts[0] == '"reminder/acount" looks like a typo: "reminder/account" is sent (1 letter differs)'
    assert any('"app/signup" begins a journey (differs only in punctuation)' in text for text in texts)
    assert any('"app/login" is used elsewhere (1 letter differs)' in text for text in texts)


def test_names_that_nothing_ever_sent_are_told_when_a_history_is_given(tmp_path: Path) -> None:
    source = body("await journey.wait_for('paid', timeout=1)\nawait journey.wait_for('left', timeout=1)")
    assert found(tmp_path, source) == []
    (never,) = found(tmp_path, source, ["go", "paid"])
    assert (never.rule, never.line) == ("never-sent", 11)
    (slip,) = found(tmp_path, source.replace("left", "unsubscribe"), ["go", "paid", "un-subscribe"])
    assert slip.rule == "slip"
    (begin,) = found(tmp_path, body("pass").replace('"go"', '"sing-up"'), ["sign-up", "x"])
    assert (begin.rule, begin.line) == ("slip", 8)


@pytest.mark.parametrize(
    ("one", "other"),
    [("step1/done", "step2/done"), ("in", "on"), ("app/opened", "app/ordered"), ("invite", "invited")],
)
def test_names_that_are_near_and_meant_are_no_slips(tmp_path: Path, one: str, other: str) -> None:
    lines = f"await journey.ingest('{one}')\nawait journey.wait_for('{other}', timeout=1)"
    assert found(tmp_path, body(lines)) == []


# -- the project's own journeys ----------------------------------------------------------------


def test_the_examples_have_no_errors_and_two_waits_that_are_meant_to_last() -> None:
    loaded = loader.load(ROOT / "workflows")
    findings = check(loaded.workflows)
    assert [(Path(each.path).name, each.rule) for each in findings] == [("onboarding.py", "no-timeout")] * 2


def test_of_the_conformance_journeys_only_what_is_meant_to_be_wrong_is_an_error() -> None:
    files = sorted((ROOT / "tests" / "conformance").glob("*.py"))
    sources = {file: file.read_text(encoding="utf-8") for file in files}
    loaded = loader.collect(file for file, text in sources.items() if "\n@workflow" in text)
    findings = check(loaded.workflows)
    errors = {
        (each.rule, Path(each.path).read_text(encoding="utf-8").splitlines()[each.line - 1].strip())
        for each in findings
        if each.level == "error"
    }
    assert errors == {
        ("foreign-await", "await asyncio.sleep(0)"),
        ("foreign-await", "await asyncio.sleep(1)"),
    }
    assert {each.rule for each in findings} == {"foreign-await", "no-timeout", "second-pass"}


GOAL = """\
from studio import goal, workflow


@workflow(trigger="go", goal=goal("billing/payd"))
async def it(journey):
    await journey.wait_for("{waited}", timeout="1d")
"""


def test_a_goal_that_nobody_has_seen_is_told(tmp_path: Path) -> None:
    (slip,) = found(tmp_path, GOAL.format(waited="billing/paid"))
    assert (slip.rule, slip.line) == ("slip", 4)
    assert 'the goal "billing/payd" looks like a typo: "billing/paid" is used elsewhere' in slip.what
    path = tmp_path / "flow.py"
    path.write_text(GOAL.format(waited="go"))
    workflows = loader.load(path).workflows
    # Nothing is known of what comes: it may well come.
    assert check(workflows) == []
    assert [each.rule for each in check(workflows, ["go", "hello"])] == ["goal-unseen"]
    assert [each.rule for each in check(workflows, samples=["hello"])] == ["goal-unseen"]
    assert [each.rule for each in check(workflows, samples=["billing/paid"])] == ["slip"]
    assert check(workflows, ["go"], ["billing/payd"]) == []
    assert check(workflows, ["go", "billing/payd"]) == []


def test_a_goal_that_is_waited_for_is_known(tmp_path: Path) -> None:
    told = found(tmp_path, GOAL.format(waited="billing/payd"), ["go", "hello"])
    assert [(each.rule, each.line) for each in told] == [("never-sent", 6)]


TYPED = """\
from dataclasses import dataclass
import _helpers
from studio import Journey, event, workflow

@dataclass
class Plan:
    name: str

@event("billing/paid")
@dataclass
class Paid:
    amount: int
    plan: Plan
    tags: dict[str, str]

@workflow(trigger="go")
async def it(journey):
    await journey.wait_for(Paid, match={"amuont": 3}, timeout="1d")  # event-type
    await journey.wait_for("billing/paid", match={"plan.nmae": 3}, timeout="1d")  # event-type
    await journey.wait_for([Paid, "app/x"], match={"plan.name": 3, "tags.a": 1}, timeout="1d")
    await journey.wait_for(_helpers.Login, match={"devise": 3}, timeout="1d")  # event-type
    await journey.wait_for(Paid, match={"amuont": 3}, timeout="1d")  # studio: ok
    await journey.ingest("billing/paid", {"amount": 1, "plan": {"name": "a"}, "tags": {}})
    await journey.ingest("billing/paid", {"amount": journey.random()})
    await journey.ingest("billing/paid", {"amount": "1"})  # event-type
"""
HELPERS = """\
from typing import TypedDict
from studio import event

@event("app/login")
class Login(TypedDict):
    device: str
"""


def test_fields_that_an_event_does_not_have_are_told(tmp_path: Path) -> None:
    (tmp_path / "_helpers.py").write_text(HELPERS)
    marked(tmp_path, TYPED)
    first = found(tmp_path, TYPED)[0]
    assert first.what == 'match has the field amuont, and Paid ("billing/paid") has no amuont'
    assert first.fix == "Did you mean amount?"

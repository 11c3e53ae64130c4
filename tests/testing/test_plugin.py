"""The pytest plugin in a project of its own, in a process of its own."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.testing.support import project, run_pytest

ROOT = Path(__file__).parent.parent.parent

PASSES = """
def test_ninety_days(journeys):
    mails = journeys.stub("send *", returns="queued")
    journeys.send("signup", user="ada")
    journeys.forward("90d")
    assert mails.count == 1
    assert journeys.sent("reminder/*", times=2)
    assert journeys.journey("ada").result == {"reminders": 2}


async def helper(journeys):
    journeys.forward("1d")


def test_in_a_loop_that_runs(journeys):
    import asyncio

    journeys.stub("*")
    journeys.send("signup", user="ada")
    asyncio.run(helper(journeys))
    assert [wait.name for wait in journeys.waits()] == ["activated"]
"""

FAILS = """
def test_one_too_many(journeys):
    journeys.stub("send *")
    journeys.send("signup", user="ada")
    journeys.forward("31d")
    assert journeys.sent("reminder/sent", times=3)
"""

MONTH = [
    "+0s  signup",
    "+0s      ▶ welcome begins",
    "+0s      ■ send welcome",
    "+0s      ◷ waits for activated (at most 30d)",
    "+30d      ◷ activated timed out",
    "+30d      reminder 1",
    '+30d      ◆ reminder/sent {"number": 1}',
    "+30d      ◷ waits for activated (at most 30d)",
]
"""The timeline of a month without an answer, as it is shown."""

EVENTS = """\
# What a month without an answer looks like.
{"event": "signup", "user": "ada"}
{"at": "30d", "expect": "log", "user": "ada", "message": "reminder 1"}
{"at": "40d", "expect": "not sent", "user": "ada", "event": "mail/*"}
"""

PLAIN = """
from studio import Journey, workflow


@workflow(trigger="go")
async def plain(journey: Journey):
    journey.log("hello")
    await journey.wait_for("never", timeout="60d")
    return {}
"""


COUNTED = """
from studio import Journey, workflow

CALLS = []


@workflow(trigger="go")
async def counted(journey: Journey):
    CALLS.append(journey.id)
    for _ in range(20):
        await journey.sleep("1s")
    return {"calls": CALLS.count(journey.id)}
"""

CALLED_EACH_TIME = """
def test_calls(journeys):
    journeys.send("go", user="ada")
    journeys.forward("1m")
    assert journeys.journey("ada").result == {"calls": 21}
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return project(tmp_path)


def test_it_is_found_by_itself_once_installed() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert table["entry-points"]["pytest11"] == {"studio.testing": "journey_studio.pytest_plugin"}


def test_the_fixture_runs_the_projects_workflows(here: Path) -> None:
    (here / "tests" / "test_welcome.py").write_text(PASSES)
    code, out = run_pytest(here, "-q")
    assert code == 0, out
    assert "2 passed" in out


def test_a_failure_shows_the_timeline(here: Path) -> None:
    (here / "tests" / "test_welcome.py").write_text(FAILS)
    code, out = run_pytest(here)
    assert code == 1
    assert "assert <reminder/sent was sent 1 times, not 3 times: +30d>" in out
    shown = out.partition(" timeline ---")[2].splitlines()[1:9]
    assert [line.strip() for line in shown] == MONTH


@pytest.mark.long
def test_a_test_that_passes_or_fails_before_its_journeys_shows_none(here: Path) -> None:
    (here / "tests" / "test_welcome.py").write_text("def test_early(journeys):\n    assert False\n")
    code, out = run_pytest(here)
    assert code == 1
    assert "timeline" not in out


def test_event_files_that_expect_something_are_tests(here: Path) -> None:
    (here / "workflows" / "plain.py").write_text(PLAIN)
    (here / "workflows" / "welcome.py").unlink()
    folder = here / "tests" / "journeys"
    month = EVENTS.replace("signup", "go").replace("30d", "0s").replace("reminder 1", "hello")
    (folder / "month.jsonl").write_text(month)
    (folder / "wrong.jsonl").write_text(month.replace("hello", "good morning"))
    # Data, and no tests: nothing expected, or another folder.
    (folder / "data.jsonl").write_text('{"event": "go", "user": "ada", "data": {"x": "expect"}}\n')
    (here / "tests" / "elsewhere.jsonl").write_text(month)
    code, out = run_pytest(here, "-v")
    assert code == 1
    assert "collected 2 items" in out
    assert "tests/journeys/month.jsonl::expected PASSED" in out
    assert "tests/journeys/wrong.jsonl::expected FAILED" in out
    told = 'tests/journeys/wrong.jsonl:3: expected log "good morning" of ada, which did not come'
    assert told in out
    assert "-     +0s      good morning   (line 3)\n+     +0s      hello\n" in out
    assert "Traceback" not in out


@pytest.mark.long
def test_a_slip_in_an_event_file_fails_with_its_line(here: Path) -> None:
    folder = here / "tests" / "journeys"
    (folder / "slip.jsonl").write_text(EVENTS + '{"at": "41d", "expect": "logg", "user": "ada"}\n')
    (folder / "torn.jsonl").write_text('{"expect": "log", \n')
    code, out = run_pytest(here)
    assert code == 1
    assert "slip.jsonl:5: the field expect is 'logg'" in out
    assert "torn.jsonl:1: it is not valid JSON" in out
    assert "2 failed" in out


@pytest.mark.long
def test_where_workflows_and_event_files_are_can_be_said(here: Path) -> None:
    (here / "flows").mkdir()
    (here / "flows" / "plain.py").write_text(PLAIN)
    (here / "tests" / "journeys" / "a.jsonl").write_text(
        '{"event": "go", "user": "u"}\n{"expect": "log", "user": "u", "message": "hello"}\n'
    )
    (here / "recorded").mkdir()
    (here / "tests" / "journeys" / "a.jsonl").rename(here / "recorded" / "a.jsonl")
    test = "def test(journeys):\n    journeys.send('go', user='u')\n    assert journeys.logs() == ['hello']\n"
    (here / "tests" / "test_plain.py").write_text(test)
    ini = (here / "pytest.ini").read_text()
    (here / "pytest.ini").write_text(ini + "journey_workflows = flows\njourney_events = recorded\n")
    code, out = run_pytest(here, "-q")
    assert (code, "2 passed" in out) == (0, True), out
    # The same from the project's own table.
    (here / "pytest.ini").write_text(ini)
    (here / "pyproject.toml").write_text('[tool.journey-studio]\nworkflows = "flows"\n')
    code, out = run_pytest(here, "-q", "tests")
    assert (code, "1 passed" in out) == (0, True), out


@pytest.mark.long
def test_a_marker_names_the_workflows_of_a_test(here: Path) -> None:
    test = (
        "import pytest\nfrom studio import workflow\n\n\n"
        "@workflow(trigger='go')\nasync def other(journey):\n    journey.log('other')\n    return 1\n\n\n"
        "@pytest.mark.journeys(workflows=other)\ndef test_other(journeys):\n"
        "    journeys.send('go', user='u')\n    assert journeys.journey('u').result == 1\n\n\n"
        "@pytest.mark.journeys(workflows=other, start='2026-03-02T09:00', timezone='Europe/Berlin')\n"
        "def test_start(journeys):\n    assert journeys.now.isoformat() == '2026-03-02T08:00:00+00:00'\n"
    )
    (here / "tests" / "test_other.py").write_text(test)
    code, out = run_pytest(here, "-q", "--strict-markers")
    assert (code, "2 passed" in out) == (0, True), out


@pytest.mark.long
def test_a_workflow_that_does_not_load_fails_the_test_with_its_line(here: Path) -> None:
    (here / "workflows" / "broken.py").write_text("def broken(:\n")
    (here / "tests" / "test_welcome.py").write_text(PASSES)
    code, out = run_pytest(here, "-q")
    assert code == 1
    assert "workflows/broken.py:1: SyntaxError" in out


@pytest.mark.long
def test_a_timeline_is_kept_as_a_file_beside_the_test(here: Path) -> None:
    test = (
        "def test_month(journeys):\n    journeys.stub('*')\n    journeys.send('signup', user='ada')\n"
        "    journeys.forward('30d')\n    assert journeys.matches_snapshot('month')\n"
    )
    (here / "tests" / "test_month.py").write_text(test)
    code, out = run_pytest(here)
    assert code == 1
    assert "there is no such snapshot yet. Run pytest --write-timelines." in out
    assert run_pytest(here, "--write-timelines")[0] == 0
    kept = here / "tests" / "snapshots" / "month.txt"
    assert [line.strip() for line in kept.read_text().splitlines()] == MONTH
    assert run_pytest(here)[0] == 0
    kept.write_text(kept.read_text().replace("reminder 1", "reminder one"))
    code, out = run_pytest(here)
    assert code == 1
    assert "(pytest --write-timelines rewrites it) snapshots/month.txt>" in out
    assert "-    +30d      reminder one\n+    +30d      reminder 1\n" in out


@pytest.mark.long
def test_without_pytest_asyncio_and_hypothesis_it_works_as_well(here: Path) -> None:
    (here / "tests" / "test_welcome.py").write_text(PASSES)
    (here / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    code, out = run_pytest(here, "-q", "-p", "no:asyncio", "-p", "no:hypothesispytest")
    assert (code, "2 passed" in out) == (0, True), out


@pytest.mark.long
@pytest.mark.parametrize("how", ["option", "setting", "neither"])
def test_journeys_are_driven_from_their_top_each_time_where_that_is_asked_for(here: Path, how: str) -> None:
    (here / "workflows" / "counted.py").write_text(COUNTED)
    (here / "tests" / "test_calls.py").write_text(CALLED_EACH_TIME)
    (here / "tests" / "journeys" / "calls.jsonl").write_text(
        '{"event": "go", "user": "bob"}\n'
        '{"at": "20s", "expect": "completed", "user": "bob", "result": {"calls": 21}}\n'
    )
    if how == "setting":
        with (here / "pytest.ini").open("a") as ini:
            ini.write("journey_replay_always = true\n")
    code, out = run_pytest(here, "-q", *(["--replay-always"] if how == "option" else []))
    assert code == (1 if how == "neither" else 0), out
    assert ("2 failed" if how == "neither" else "2 passed") in out

"""What README.md and the handbook list is what there is."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from textual.app import App
from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from studio import Event, Journey, Waited, workflow
from studio.cli import SHARED, command_table
from studio.cli.command_list import COMMANDS
from studio.cli.output import Exit
from studio.language.kinds import KIND_TEXT
from studio.source import loader
from studio.testing import Journeys
from studio.tui.screens.preview import PreviewScreen
from tests.docs.pages import ROOT, codes, page, table
from tests.tui.conftest import open_studio


def test_the_table_of_commands_is_the_command_line() -> None:
    text = page("docs/command-line.md").text
    assert command_table.with_table(text) == text, "python -m studio.cli.command_table makes it anew"
    told = {codes(row[0])[0].split()[0] for row in table("command")}
    assert told == {*COMMANDS, "journey-studio"} - {"studio"}
    assert all(row[2].endswith(".") for row in table("command"))
    assert [each for each in SHARED if f"`{each} " not in text] == []


def test_the_table_of_exit_codes_is_whole() -> None:
    assert [int(row[0]) for row in table("exit code")] == [code for code in Exit if code < 128]


async def test_the_table_of_keys_is_the_live_screens() -> None:
    spelled = {"⏎": "enter", "esc": "escape", "↑": "up", "↓": "down", "pgup": "pageup", "pgdn": "pagedown"}
    spelled |= {"/": "slash", "?": "question_mark", "!": "exclamation_mark", "←": "left", "→": "right"}
    spelled |= {"[": "left_square_bracket", "]": "right_square_bracket"}
    spelled |= {":": "colon", "*": "asterisk", "shift+↑": "shift+up", "shift+↓": "shift+down"}
    spelled |= {".": "full_stop", "+": "plus", "-": "minus", "=": "equals_sign", ">": "greater_than_sign"}
    told = [spelled.get(key, key) for row in table("keys") for key in codes(row[0])]
    async with open_studio() as studio:
        live = [studio.app, studio.live, *studio.live.walk_children()]
        there = {key for node in live for key in own_keys(node)}
    there.add(App.COMMAND_PALETTE_BINDING)
    assert sorted(told) == sorted(there)


async def test_the_table_of_the_designers_keys_is_whole() -> None:
    spelled = {"⏎": "enter", "esc": "escape", "←": "left", "→": "right"}
    told = {spelled.get(key, key) for row in table("in the designer") for key in codes(row[0])}
    async with open_studio() as studio:
        await studio.press("d")
        screen = studio.app.designer
        assert screen is not None
        own = {key for node in (screen, *screen.walk_children()) for key in own_keys(node)}
        there = {
            key for node in (studio.app, studio.live, *studio.live.walk_children()) for key in own_keys(node)
        }
    assert own - told <= there
    assert told <= own


async def test_the_table_of_the_previews_keys_is_whole() -> None:
    spelled = {"⏎": "enter", "esc": "escape"}
    told = {spelled.get(key, key) for row in table("in the preview") for key in codes(row[0])}
    trial = loader.load(ROOT / "workflows").workflows["trial"]
    async with open_studio() as studio:
        screen = PreviewScreen(trial, trial.source)
        await studio.app.push_screen(screen)
        own = {key for node in (screen, *screen.walk_children()) for key in own_keys(node)}
        there = {
            key for node in (studio.app, studio.live, *studio.live.walk_children()) for key in own_keys(node)
        }
    assert own - told <= there
    assert told <= own


def own_keys(node: DOMNode) -> Iterator[str]:
    """The keys that the studio binds here; those of Textual's own fields are not told."""
    for kind in type(node).__mro__:
        if kind.__module__.startswith("studio."):
            bindings: list[BindingType] = kind.__dict__.get("BINDINGS", [])
            for binding in bindings:
                assert isinstance(binding, Binding)
                yield from binding.key.split(",")


def test_the_words_of_a_workflow_are_the_journeys() -> None:
    told: dict[str, str] = {}
    for row in table("`journey.…`"):
        for code in codes(row[0]):
            found = re.match(r"(?:await )?(\w+)", code)
            assert found is not None
            told[found[1]] = " ".join(row)
    assert set(told) == {name for name in dir(Journey) if not name.startswith("_")}
    for name, text in told.items():
        if options := set(re.findall(r"\b(\w+)=", text)):
            assert options <= set(inspect.signature(getattr(Journey, name)).parameters), name
    for name, kind in (("wait_for", Waited), ("trigger", Event)):
        attributes = re.findall(r"`\.(\w+)`", told[name])
        assert attributes
        assert [each for each in attributes if not hasattr(kind, each)] == []


def test_what_a_workflow_is_made_with_is_told() -> None:
    told = [codes(row[0])[0].rstrip("=") for row in table("`@workflow(…)`")]
    assert told == [name for name in inspect.signature(workflow).parameters if name != "function"]


def test_asynchronous_words_are_awaited() -> None:
    for row in table("`journey.…`"):
        for code in codes(row[0]):
            name = code.removeprefix("await ").split("(")[0]
            given = getattr(Journey, name)
            returned = str(inspect.signature(given).return_annotation) if callable(given) else ""
            awaited = returned.partition("[")[0] in (
                *(
                    "Wait",
                    "Collect",
                    "Group",
                    "Sleep",
                    "Step",
                    "Ingest",
                    "Message",
                    "Split",
                    "Until",
                    "NewPass",
                ),
            )
            assert awaited == code.startswith("await "), code


def test_the_verbs_of_a_test_are_told() -> None:
    (*rows,) = table("`journeys.…`")
    told = {match[0] for row in rows for code in codes(row[0]) if (match := re.match(r"\w+", code))}
    there = {name for name in dir(Journeys) if not name.startswith("_")}
    assert told == there - {"began", "close", "differences"}


def test_the_words_of_who_owns_a_journey_stand_in_the_example_and_in_the_history() -> None:
    rows = table("asked for by")
    assert [codes(row[0]) for row in rows] == [
        [word] for word in ("goal", "channel", "message", "until", "split", "collect")
    ]
    example = (ROOT / "workflows" / "lifecycle.py").read_text(encoding="utf-8")
    assert [row[1] for row in rows if codes(row[1])[0] not in example] == []
    assert {kind for row in rows for kind in codes(row[2])} <= set(KIND_TEXT.values())


def test_the_kinds_of_entries_are_told() -> None:
    assert sorted(code for row in table("kinds") for code in codes(row[0])) == sorted(set(KIND_TEXT.values()))

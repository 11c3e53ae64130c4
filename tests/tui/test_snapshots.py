"""Every screen as it is drawn, at three sizes: its text, and the colours of each stretch of it.

A snapshot is `snapshots/NAME-WIDTHxHEIGHT.txt`: the lines of the screen without blanks at their ends,
then for each line its stretches as `cells ink+attributes/ground`, then the colours behind these names.
A ground that is not named is the background. `JOURNEY_STUDIO_SNAPSHOTS=write` writes them anew.
"""

from __future__ import annotations

import difflib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, cast

import pytest
from _pytest.mark.structures import ParameterSet
from rich.cells import cell_len
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.widgets import Input, TextArea

from studio import Engine, VirtualClock
from studio.clocks.adjustable_clock import JumpState
from studio.engine.client import Trouble
from studio.engine.rewind.preview import RewindPreview
from studio.errors import WorkflowError
from studio.source import loader
from studio.store.cut import Behind
from studio.store.snapshots import StoreSnapshot
from studio.store.views import Views
from studio.tui.format.glyphs import look
from studio.tui.format.themes import LIGHT
from studio.tui.screens.charts import ChartScreen
from studio.tui.screens.inspect import InspectScreen
from studio.tui.session.reader import Reader
from studio.tui.widgets import explorer_pane
from studio.tui.widgets.explorer_pane import ExplorerPane
from studio.tui.widgets.why import WhyPane
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import (
    DAY,
    HOUR,
    START,
    FakeEngine,
    FakeStudio,
    at_rest,
    designer_world,
    hold_steps,
    strips_of,
    wait,
    world,
)
from tests.tui.store_of_records import RecordsReader, StoreRecords

T = TypeVar("T")

FOLDER = Path(__file__).with_name("snapshots")
WRITE = os.environ.get("JOURNEY_STUDIO_SNAPSHOTS") == "write"
HOW = "JOURNEY_STUDIO_SNAPSHOTS=write writes the snapshots anew"
RULE = "== styles =="

SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (200, 60)
ALL = (SMALL, MIDDLE, LARGE)

GROUNDS = ("background", "surface", "panel", "primary-muted", "warning-muted", "error-muted", "primary")
DIMMED = (40, 60)
"""How much of the background lies over a screen that is below another one, in per cent."""
MARKS = {"b": "bold", "d": "dim", "i": "italic", "u": "underline", "r": "reverse", "s": "strike"}


# -- what is drawn -----------------------------------------------------------------------------------


class Names:
    """What a colour is called in the theme, and the colours that were asked for."""

    def __init__(self, app: App[Any]) -> None:
        variables = app.theme_variables
        background = Color.parse(variables["background"])
        colours = look(cast("App[object]", app))
        plain: dict[str, Color] = {}
        for field in fields(colours):
            ink = colours.tone(field.name).color
            if ink is not None and field.name not in ("strong", "chip", "selected"):
                plain[field.name] = Color.from_rich_color(ink)
        for name in GROUNDS:
            colour = Color.parse(variables[name])
            plain[name] = background.blend(colour, colour.a, 1) if colour.a < 1 else colour
        self._names = {colour.hex6.lower(): name for name, colour in reversed(plain.items())}
        for share in DIMMED:
            for name, colour in plain.items():
                dimmed = colour.blend(background, share / 100).hex6.lower()
                self._names.setdefault(dimmed, f"{name}~{share}")
        self.used: dict[str, str] = {}

    def of(self, colour: Any) -> str:
        """The name of a colour of a segment; its number when the theme has none."""
        if colour is None:
            return "none"
        found = Color.from_rich_color(colour).hex6.lower()
        name = self._names.get(found, found)
        self.used[name] = found
        return name


def drawn(app: App[Any]) -> str:
    """What stands on the screen, with its styles."""
    names = Names(app)
    texts: list[str] = []
    styles: list[tuple[int, int, str]] = []
    for y, strip in enumerate(strips_of(app), 1):
        text, runs = "", list[tuple[int, str, str]]()
        for part, style, _ in strip:
            text += part
            if cells := cell_len(part):
                runs.append((cells, *style_names(names, style or Style(), part)))
        assert cell_len(text) == app.size.width, text
        assert text.isprintable(), ascii(text)
        texts.append(text.rstrip())
        said = ", ".join(f"{cells} {ink}{ground}" for cells, ink, ground in joined(runs))
        if styles and styles[-1][2] == said:
            styles[-1] = (styles[-1][0], y, said)
        else:
            styles.append((y, y, said))
    rows = [f"{one}{f'-{last}' if last > one else ''}: {said}" for one, last, said in styles]
    legend = [f"{name} = {number}" for name, number in sorted(names.used.items()) if name != number]
    return "\n".join([*texts, RULE, *rows, "", *legend, ""])


def style_names(names: Names, style: Style, text: str) -> tuple[str, str]:
    """Ink and ground of a segment; the ink of blanks is "" because nobody sees it."""
    ground = names.of(style.bgcolor)
    marks = "".join(mark for mark, name in MARKS.items() if getattr(style, name))
    blank = not text.strip() and not set(marks) & set("urs")
    ink = "" if blank else names.of(style.color) + (f"+{marks}" if marks else "")
    return ink, "" if ground == "background" else f"/{ground}"


def joined(runs: list[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    """Neighbours of one style as one; blanks go with what stands before them, or after."""
    found: list[tuple[int, str, str]] = []
    for cells, ink, ground in runs:
        before = found[-1] if found else (0, "", "")
        if found and before[2] == ground and (not ink or not before[1] or before[1] == ink):
            found[-1] = (before[0] + cells, before[1] or ink, ground)
        else:
            found.append((cells, ink, ground))
    return [(cells, ink or "blank", ground) for cells, ink, ground in found]


# -- scenes -----------------------------------------------------------------------------------------


def held_world() -> StoreRecords:
    """The small world with two steps on hold."""
    records = world()
    charge = {"key": "step:charge#0", "workflow": "trial", "line": "trial.py:12"}
    remind = {"key": "step:send a reminder#0", "workflow": "cart", "line": "cart.py:30"}
    hold_steps(
        records,
        wait(61, "max", "charge", None, kind="step", opened_at=START + 6_700, **charge),
        wait(
            70,
            "o.brien+test@example.com",
            "send a reminder",
            None,
            kind="step",
            opened_at=START + 8_100,
            **remind,
        ),
    )
    return records


def why_world() -> StoreRecords:
    """An event that woke a wait."""
    records = world()
    records.rows_timeline["user1"] = [
        replace(row, cause=14) if row.kind == "wait.matched" else row
        for row in records.rows_timeline["user1"]
    ]
    return records


def empty_world() -> StoreRecords:
    """Nothing has happened."""
    return StoreRecords()


class FakeTravel:
    """Has snapshots, and knows what a rewind would take."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def snapshots(self) -> list[StoreSnapshot]:
        """Two of them."""
        return [
            StoreSnapshot(
                2, self._path.with_name("studio.2.db"), 3 << 20, START + 7_000, "before undo of app/login"
            ),
            StoreSnapshot(
                1, self._path.with_name("studio.1.db"), 143_360, START + 3_000, "before rewind to 11:30:02"
            ),
        ]

    async def preview_rewind(self, seq: int) -> RewindPreview:
        """A cut with steps behind it."""
        steps = (("send welcome", 1), ("charge", 2))
        return RewindPreview(seq, START + 2_001, Behind(seq, START + 2_001, 41, 3, 4, steps, 0), 3)


def kept(desk: FakeEngine) -> None:
    """A store with snapshots."""
    travel = FakeTravel(desk.path)
    desk.snapshots = travel.snapshots  # type: ignore[method-assign]
    desk.preview_rewind = travel.preview_rewind  # type: ignore[method-assign]


def read_only(desk: FakeEngine) -> None:
    desk.read_only = True


def viewer(desk: FakeEngine) -> None:
    desk.viewer_of = 4_711


def stopped(desk: FakeEngine) -> None:
    why = "studio.db: the disk is full; nothing of this batch was stored. Free some space."
    desk.wrong = Trouble("DISK FULL: engine paused", why, ended=False)


def broken(desk: FakeEngine) -> None:
    desk.refused = [WorkflowError("SyntaxError: '(' was never closed", path="onboarding.py", line=24)]


def paused(desk: FakeEngine) -> None:
    desk.fake_clock.stands = replace(desk.fake_clock.stands, paused=True, speed=60)


def jumping(desk: FakeEngine) -> None:
    jump = JumpState(START, START + 30 * DAY, 12_400, 30_112, START + 20 * DAY)
    desk.fake_clock.stands = replace(desk.fake_clock.stands, jump=jump)


def examples(desk: FakeEngine) -> None:
    """The workflows that come with the studio."""
    desk.named = loader.load(str(Path(__file__).parents[2] / "workflows")).workflows


async def day_theme(studio: Studio) -> None:
    studio.app.theme = LIGHT


async def second_store(studio: Studio) -> None:
    """Another store is open beside the one that is shown."""
    stores, desk = studio.app.session.stores, FakeEngine()
    first, desk.path = stores.open[0], studio.app.fake_engine.path.with_name("studio-fork.db")
    stores.add(desk, RecordsReader(StoreRecords()))
    stores.show(first)


async def bad_json(studio: Studio) -> None:
    for name, text in (("event", "app/login"), ("user", "user1"), ("data", '{"a": 1, "b" 2}')):
        studio.field(name).value = text


ROUND = """
from studio import Journey, workflow


@workflow(trigger="signup")
async def invite(journey: Journey):
    guests = ["mika", "joão"]
    journey.log("inviting")
    return await ask(journey, guests, limit="2d")


async def ask(journey: Journey, guests: list[str], limit: str):
    letter = "Come as you are. " * 12
    found = await journey.wait_any(
        journey.wait_for("accepted"), journey.wait_for("declined", match={"why": 1}), timeout=limit
    )
    return len(letter), found
"""


CHARTED = """
from studio import Journey, workflow


@workflow(trigger="signup")
async def welcome(journey: Journey):
    opened = await journey.wait_for("opened", timeout="20h")
    if not opened:
        await journey.wait_for("opened", timeout="7d")
    elif not opened.first.data:
        raise ValueError("no plan")
    await journey.sleep("2h")
    return {"ok": True}
"""


async def inside(studio: Studio) -> None:
    """A journey of the real engine, looked into."""
    with TemporaryDirectory() as folder:
        file, store = Path(folder, "workflows", "invite.py"), Path(folder, "studio.db")
        file.parent.mkdir()
        file.write_text(ROUND)
        async with Engine(file.parent, store=store, clock=VirtualClock(START)) as engine:
            await engine.ingest("signup", user="ada")
            await engine.run_until_idle()
        studio.app.fake_engine.path = store
        studio.app.fake_engine.named = loader.load(str(file.parent)).workflows
        studio.app.push_screen(InspectScreen("invite/ada"))
        await settle(studio)


class AtOnce(Reader):
    """A reader that answers in the thread that asks."""

    async def ask(self, question: Callable[[Views], T]) -> T:
        return self._answer(question)


async def charts(studio: Studio) -> None:
    """The charts of journeys that a real engine has driven: one through, one failed, two still inside."""
    with TemporaryDirectory() as folder:
        file, store = Path(folder, "workflows", "welcome.py"), Path(folder, "studio.db")
        file.parent.mkdir()
        file.write_text(CHARTED)
        async with Engine(file.parent, store=store, clock=VirtualClock(START - DAY)) as engine:
            for user in ("ada", "bob", "mia", "tom"):
                await engine.ingest("signup", user=user)
            await engine.forward_to(START - DAY + 3 * HOUR)
            await engine.ingest("opened", user="ada", data={"plan": "team"})
            await engine.ingest("opened", user="bob")
            await engine.forward_to(START)
        # Asked in this thread: what is read has come when the screen has come to rest.
        reader = AtOnce(store)
        studio.app.session.make_reader = lambda path: reader
        studio.app.session.reader = reader
        studio.app.fake_engine.named = loader.load(str(file.parent)).workflows
        studio.app.push_screen(ChartScreen("welcome"))
        for _ in range(3):
            await settle(studio)


async def as_of(studio: Studio) -> None:
    """The past of a store of a real engine, a while after bob's journey failed."""
    store = studio.app.fake_engine.path
    # Beside the store, for as long as the screen: the designer reads it, and names it from where it works.
    os.chdir(store.parent)
    file = store.with_name("workflows") / "welcome.py"
    file.parent.mkdir()
    file.write_text(CHARTED)
    async with Engine(file.parent, store=store, clock=VirtualClock(START - DAY)) as engine:
        for user in ("ada", "bob", "mia", "tom"):
            await engine.ingest("signup", user=user)
        await engine.forward_to(START - DAY + 3 * HOUR)
        await engine.ingest("opened", user="ada", data={"plan": "team"})
        failed = await engine.ingest("opened", user="bob")
        await engine.forward_to(START)
    studio.app.fake_engine.named = loader.load(str(file.parent)).workflows
    live = studio.app.live
    assert live is not None
    live.look_at(str(failed.seq))
    for _ in range(3):
        await settle(studio)
    live.choose("bob")
    await settle(studio)


async def no_step(studio: Studio) -> None:
    """Nothing further."""


@dataclass(frozen=True)
class Scene:
    """How a screen is reached: a world, a desk, something done, keys."""

    name: str
    keys: tuple[str, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ALL
    records: Callable[[], StoreRecords] = world
    desk: Callable[[FakeEngine], None] | None = None
    first: Callable[[Studio], Any] = no_step
    then: tuple[str, ...] = ()
    """Keys after all has come to rest."""
    over: str = "LiveScreen"
    """The screen that the keys open, where a worker waits for what is answered there."""


SCENES = [
    Scene("home"),
    Scene("home-timeline", ("2",), (SMALL,)),
    Scene("home-waiting", ("3",)),
    Scene("home-log", ("4",), (SMALL,)),
    Scene("home-day", sizes=(MIDDLE,), first=day_theme),
    Scene("home-empty", records=empty_world),
    Scene("home-filter", ("1", "slash", *"user1", "enter")),
    Scene("home-filter-typed", ("3", "slash", *"email"), (SMALL, MIDDLE)),
    Scene("home-filter-nothing", ("1", "slash", *"zzz", "enter"), (SMALL, MIDDLE)),
    Scene("home-maximised", ("2", "m"), (MIDDLE, LARGE)),
    Scene("bar-read-only", desk=read_only),
    Scene("bar-viewer", desk=viewer),
    Scene("bar-paused", desk=paused),
    Scene("bar-jumping", desk=jumping),
    Scene("bar-stopped", desk=stopped, sizes=(SMALL, MIDDLE)),
    Scene("bar-broken-file", desk=broken, sizes=(SMALL, MIDDLE)),
    Scene("help", ("3", "question_mark")),
    Scene("commands", ("3", "colon")),
    Scene("commands-typed", ("3", "colon", *"next"), (MIDDLE,)),
    Scene("act", ("3", "a")),
    Scene("act-cancel", ("3", "a", "c")),
    Scene("act-failed", ("4", "home", "j", "j", "a")),
    Scene("why-wait", ("3", "w")),
    Scene("why-event", ("2", "home", *["j"] * 10, "w"), records=why_world),
    Scene("entry-unfolded", ("2", "g", "enter")),
    Scene("entry-page", ("2", "g", "enter", "down", "enter")),
    Scene("entry-failure", ("4", "home", "j", "j", "enter")),
    Scene("forward", ("greater_than_sign",)),
    Scene("forward-typed", ("greater_than_sign", *"7d")),
    Scene("time-out-question", ("3", "j", "j", "j", "x")),
    Scene("inject-answer", ("3", "enter")),
    Scene("inject-completion", ("i", *"app")),
    Scene("inject-fault", ("i",), first=bad_json, then=("enter",)),
    Scene("editor", ("3", "enter", "ctrl+o")),
    Scene("editor-fault", ("i",), (MIDDLE,), first=bad_json, then=("ctrl+o",)),
    Scene("stores", ("s",), desk=kept, first=second_store, over="StoresScreen"),
    Scene("rewind", ("2", "home", "R"), desk=kept, over="QuestionScreen"),
    Scene("fork", ("2", "home", "F"), desk=kept, over="NameFileScreen"),
    Scene("inspect", first=inside, over="InspectScreen"),
    Scene("charts", first=charts, over="ChartScreen"),
    Scene("charts-time", ("2",), (SMALL,), first=charts, over="ChartScreen"),
    Scene("as-of", ("2",), first=as_of),
    Scene("as-of-waiting", ("3",), (SMALL,), first=as_of),
    Scene("as-of-charts", ("C",), first=as_of, over="ChartScreen"),
    Scene("as-of-designer", ("d",), first=as_of, over="DesignerScreen"),
    Scene("held-bar", ("3",), records=held_world),
    Scene("designer", ("d",), records=designer_world, desk=examples, over="DesignerScreen"),
    Scene(
        "designer-source", ("d", "2"), (SMALL,), records=designer_world, desk=examples, over="DesignerScreen"
    ),
    Scene(
        "designer-folded",
        ("d", "left"),
        (MIDDLE,),
        records=designer_world,
        desk=examples,
        over="DesignerScreen",
    ),
    Scene("designer-change", ("d", "c"), records=designer_world, desk=examples, over="ChangeScreen"),
    Scene(
        "designer-act",
        ("d", "a"),
        (SMALL, MIDDLE),
        records=designer_world,
        desk=examples,
        over="ActNodeScreen",
    ),
    Scene(
        "designer-typing",
        ("d", "2", "enter"),
        (SMALL, MIDDLE),
        records=designer_world,
        desk=examples,
        over="SourceEditor",
    ),
    Scene(
        "preview",
        ("d", "t"),
        records=designer_world,
        desk=examples,
        then=("x",),
        over="PreviewScreen",
    ),
    Scene("held-steps", ("H",), records=held_world, over="HeldStepsScreen"),
]
CASES = [(scene, size) for scene in SCENES for size in scene.sizes]


def file_of(scene: Scene, size: tuple[int, int]) -> Path:
    """Where its snapshot is."""
    return FOLDER / f"{scene.name}-{size[0]}x{size[1]}.txt"


def opened(scene: Scene, size: tuple[int, int], folder: Path) -> AbstractAsyncContextManager[Studio]:
    """A studio on the world of a scene."""
    desk = FakeEngine()
    desk.path = folder / "studio.db"
    if scene.desk is not None:
        scene.desk(desk)
    return open_studio(size=size, app=FakeStudio(scene.records(), desk))


async def settle(studio: Studio) -> None:
    """Until nothing is under way, but for a question that waits for its answer."""
    for _ in range(2):
        await studio.pilot.pause()
        await at_rest(studio.app, apart=("time", "act-node"))
    await studio.pilot.pause()


async def press(studio: Studio, keys: tuple[str, ...], over: str) -> None:
    """Press keys, and wait until all that they begin has come to rest."""
    await studio.pilot.press(*keys)
    await settle(studio)
    end = time.monotonic() + 10
    while over != "LiveScreen" and studio.screen != over:
        assert time.monotonic() < end, f"{over} does not come:\n{studio.text}"
        await studio.pilot.pause(0.02)
    # Nothing blinks.
    for field in studio.app.screen.query("Input, TextArea"):
        if isinstance(field, Input | TextArea):
            field.cursor_blink = False
    if (designer := studio.app.designer) is not None:
        designer.query_one(ExplorerPane).show_took(84)
    # The explanation follows what is selected after a rest.
    studio.find(WhyPane)._asked_at = 0.0
    studio.app.move(0)
    await settle(studio)


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same zone, signs, colours and paths on every machine, however slow it is."""
    monkeypatch.setattr(explorer_pane, "BOUNDS", replace(explorer_pane.BOUNDS, seconds=60.0, hang_after=60.0))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("JOURNEY_STUDIO_SYMBOLS", "unicode")
    monkeypatch.delenv("NO_COLOR", raising=False)
    # Comes back to it, wherever a scene has gone.
    monkeypatch.chdir(Path.cwd())
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


# -- comparing --------------------------------------------------------------------------------------


def case_of(scene: Scene, size: tuple[int, int]) -> ParameterSet:
    """`make test` draws each second scene once: at the reference size, where it has one."""
    first = MIDDLE if MIDDLE in scene.sizes else scene.sizes[0]
    marks = () if size == first and SCENES.index(scene) % 2 == 0 else pytest.mark.long
    return pytest.param(scene, size, marks=marks, id=f"{scene.name}-{size[0]}x{size[1]}")


@pytest.mark.parametrize(("scene", "size"), [case_of(*case) for case in CASES])
async def test_it_is_drawn_as_it_was(scene: Scene, size: tuple[int, int], tmp_path: Path) -> None:
    async with opened(scene, size, tmp_path) as studio:
        await scene.first(studio)
        await press(studio, scene.keys, scene.over)
        if scene.then:
            await press(studio, scene.then, scene.over)
        found = drawn(studio.app)
    path = file_of(scene, size)
    if WRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8", newline="\n")
        return
    assert path.exists(), f"there is no {path.name}; {HOW}"
    wanted = path.read_text(encoding="utf-8")
    if found != wanted:
        lines = difflib.unified_diff(
            wanted.splitlines(),
            found.splitlines(),
            f"{path.name} as it was",
            "as it is drawn",
            lineterm="",
            n=1,
        )
        pytest.fail("\n".join([*lines, "", f"{HOW}: {path.name}"]), pytrace=False)


def test_every_snapshot_belongs_to_a_scene() -> None:
    known = {file_of(scene, size) for scene, size in CASES}
    assert len(known) == len(CASES)
    strangers = sorted(path.name for path in set(FOLDER.iterdir()) - known)
    if WRITE:
        for name in strangers:
            (FOLDER / name).unlink()
    else:
        assert not strangers, f"nobody draws these any more; {HOW}, and removes them"

"""What the keys of the designer do to the source: change, insert, remove, take back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from textual.binding import Binding
from textual.document._document import Document

from studio.design import editing
from studio.design.editing import files
from studio.design.editing.edit import Edit
from studio.design.editing.fields import REMOVED, fields_of
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
from studio.design.outline.labels import title
from studio.design.outline.model import Node
from studio.errors import EditError, StudioError
from studio.text import json_text as jsontext
from studio.tui.screens.change import ActNodeScreen, ChangeScreen, EditedField
from studio.tui.screens.control import Control
from studio.tui.screens.main_screen import MainScreen
from studio.tui.session.read_only import refusal
from studio.tui.widgets.map_pane import MapPane

EDIT_BINDINGS = [
    Binding("c", "change", "change", id="designer.change"),
    Binding("a", "act_node", "act…", id="designer.act"),
    Binding("z", "undo_edit", "undo", id="designer.undo"),
]
HINTS = {
    "wait": ("event, timeout", "app/login 2d"),
    "digest": ("event, quiet, at most", "comment/added 10m 1h"),
    "sleep": ("duration", "1h"),
    "until": ("time, weekdays or days", "09:00 mon-fri"),
    "reminder": ("event", "reminder/login"),
    "step": ("name", "send welcome"),
    "message": ("channel, name", "email day 1"),
    "split": ("name, arms", "subject plain 50, playful 50"),
    "log line": ("text", "nobody came"),
}
"""What is asked for of a thing that is inserted, and an example."""
_AS_JSON = ("retries", "once", "count", "days", "priority", "transactional", "holdout")
_NAMES = ("event", "goal", "trigger", "exit_on")
"""Fields that take several names, with commas between."""


class EditControl(Control):
    """Writes what is changed by the map, and takes it back.

    Args:
        screen: the designer.
        written: called when a file is another.
    """

    def __init__(self, screen: MainScreen, written: Callable[[], None]) -> None:
        super().__init__(screen)
        self._written = written

    def _chosen(self) -> Node | None:
        """The node to change; None when there is none or nothing may be changed, which is said."""
        client = self.session.client
        if client is not None and client.read_only:
            self.say(str(refusal("cannot change files", client)), "error")
            return None
        node = self.screen.query_one(MapPane).node
        if node is None:
            self.say("no node is chosen", "muted")
        return node

    def _done(self, said: str | None) -> None:
        if said:
            self.say(f"{said} · z undoes it", "success")
            self._written()

    async def _write(self, node: Node, make: Callable[[str], Edit]) -> str:
        """Write an edit of a node's file, and give its sentence."""
        client = self.session.client
        if client is not None and client.read_only:
            raise refusal("cannot change files", client)

        def write() -> str:
            file = files.read(node.span.file)
            edit = make(file.source)
            self.session.edits.apply(file, edit)
            return edit.sentence

        # LibCST takes a third of a second to import, and a disk as long as it likes.
        return await asyncio.to_thread(write)

    def change(self) -> None:
        """Change a value of the node."""
        if (node := self._chosen()) is None:
            return
        fields = [_field(node, what) for what in fields_of(node)]
        if not fields:
            self.say(
                f"{title(node)}: there is no value to change here · e opens its line in the editor", "muted"
            )
            return

        async def take(field: EditedField, text: str) -> str:
            key, value = _read(field, text)
            return await self._write(
                node, lambda source: editing.change(source, node, field.name, value, key=key)
            )

        about = f"{title(node)}  :{node.line}"
        self.screen.app.push_screen(ChangeScreen(about, fields, take), self._done)

    async def act_node(self) -> None:
        """Insert something before or after the node, or remove it."""
        if (node := self._chosen()) is None:
            return
        about = f"{title(node)}  :{node.line}"
        where, what = await self.screen.app.push_screen_wait(ActNodeScreen(about))
        if what == "remove":
            try:
                self._done(await self._write(node, lambda source: editing.remove(source, node)))
            except StudioError as error:
                self.say(str(error), "error")
        elif what:

            async def take(field: EditedField, text: str) -> str:
                new = template(what, text)
                return await self._write(
                    node, lambda source: editing.insert(source, node, cast(Where, where), new)
                )

            name, hint = HINTS[what]
            fields = [EditedField(name, "", f"such as {hint}")]
            self.screen.app.push_screen(
                ChangeScreen(f"the new {what} {where} {about}", fields, take), self._done
            )

    def type_source(self, path: str, line: int) -> None:
        """Type in a file, from this line on."""
        from studio.tui.screens.source_editor import SourceEditor

        client = self.session.client
        try:
            if client is not None and client.read_only:
                raise refusal("cannot change files", client)
            file = files.read(path)
            if Document(file.source).text != file.source:
                fix = "e opens it in $EDITOR."
                raise EditError("its lines end in more than one way", path=path, fix=fix)
        except StudioError as error:
            self.say(str(error), "error")
            return

        def left(saved: bool | None) -> None:
            if saved:
                self._done("saved your changes")

        self.screen.app.push_screen(SourceEditor(file, line), left)

    async def undo_edit(self) -> None:
        """Take the last change of this file back."""
        if (node := self._chosen()) is None:
            return
        try:
            done = await asyncio.to_thread(self.session.edits.undo, node.span.file)
        except StudioError as error:
            self.say(str(error), "error")
            return
        self.say(f"undone: {done.sentence}", "success")
        self._written()


def _field(node: Node, what: str) -> EditedField:
    if what in ("event", "name", "duration", "time"):
        return EditedField(what, node.text)
    if what == "trigger":
        return EditedField(what, node.text, 'such as app/signup; "*" for any event')
    if what in ("goal", "within"):
        event, _, within = (node.detail("goal") or "").partition(" within ")
        hint = (
            "the event that journeys are to lead to" if what == "goal" else "after the beginning, such as 30d"
        )
        return EditedField(what, event if what == "goal" else within, hint)
    if what == "arms":
        return EditedField(
            what, ", ".join(side.text.removesuffix("%") for side in node.sides), "they add up to 100"
        )
    if what == "text":
        return EditedField(what, node.text.strip('"'))
    if what == "match":
        return EditedField(what, node.detail(what) or "", 'such as id="post2"')
    return EditedField(what, node.detail(what) or "", "leave it empty to remove it")


def _read(field: EditedField, text: str) -> tuple[str, Any]:
    """The key of a match, and the value that a text means."""
    text = text.strip()
    if field.name == "match":
        key, given, text = text.partition("=")
        if not given:
            raise EditError("a match is written as key=value", fix='Write one such as id="post2".')
        return key.strip(), _json(text.strip()) if text.strip() else REMOVED
    if not text:
        return "", REMOVED
    if field.name == "arms":
        return "", _arms(text)
    if field.name == "again" and text in ("True", "False", "true", "false"):
        return "", text.lower() == "true"
    if field.name in _NAMES and "," in text:
        return "", [each.strip() for each in text.split(",")]
    return "", _json(text) if field.name in _AS_JSON else text


def _json(text: str) -> Any:
    try:
        return jsontext.loads({"True": "true", "False": "false", "None": "null"}.get(text, text))
    except jsontext.NotJson:
        # A text that nobody put into quotes.
        return text


def template(what: str, text: str) -> Template:
    """What is inserted, from the line that was written.

    Raises:
        EditError: nothing was written.
    """
    text = text.strip()
    if not text:
        name, hint = HINTS[what]
        raise EditError(f"a {what} needs {name}", fix=f"Write it as {hint}.")
    if what == "wait":
        event, _, timeout = text.partition(" ")
        return NewWait(event, timeout.strip() or None)
    if what == "digest":
        event, *times = text.split()
        if not times:
            raise EditError(
                "a digest needs to know how long nothing may come", fix="Write it as comment/added 10m 1h."
            )
        return NewCollection(event, times[0], times[1] if len(times) > 1 else None)
    if what == "until":
        return _until(text)
    if what == "message":
        channel, _, name = text.partition(" ")
        if not name.strip():
            raise EditError("a message needs a channel and a name", fix="Write it as email day 1.")
        return NewMessage(channel, name.strip())
    if what == "split":
        name, _, arms = text.partition(" ")
        return NewSplit(name, _arms(arms))
    makers: dict[str, Callable[[str], Template]] = {
        "sleep": NewSleep,
        "reminder": NewReminder,
        "step": NewStep,
        "log line": NewLog,
    }
    return makers[what](text)


def _arms(text: str) -> dict[str, float]:
    """Arms as people write them, "plain 50, playful 50", with their percentages.

    Raises:
        EditError: one of them has no number.
    """
    found: dict[str, float] = {}
    for each in text.split(","):
        arm, _, share = each.strip().removesuffix("%").replace("=", " ").rpartition(" ")
        try:
            number = float(share)
        except ValueError:
            raise EditError(
                f"the arm {each.strip()!r} has no per cent", fix="Write them as plain 50, playful 50."
            ) from None
        found[arm.strip()] = int(number) if number.is_integer() else number
    return found


def _until(text: str) -> NewUntil:
    """A time, with the weekdays, the days or the date that it is of."""
    time, _, day = text.partition(" ")
    day = day.strip()
    if not day:
        return NewUntil(time)
    if day.removeprefix("+").removesuffix("d").isdecimal():
        return NewUntil(time, days=int(day.removeprefix("+").removesuffix("d")))
    return NewUntil(time, date=day) if day[:1].isdigit() else NewUntil(time, on=day)

"""What the keys of the designer do to the source: change, insert, remove, take back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from textual import work
from textual.binding import Binding
from textual.document._document import Document
from textual.screen import Screen

from studio import editing, jsontext
from studio.editing import files
from studio.editing.edit import Edit
from studio.editing.fields import FIELDS, REMOVED
from studio.editing.templates import NewLog, NewReminder, NewSleep, NewStep, NewWait, Template, Where
from studio.errors import EditError, StudioError
from studio.outline.labels import title
from studio.outline.model import Node
from studio.tui.read_only import refuse
from studio.tui.screens.change import ActNodeScreen, ChangeScreen, Field
from studio.tui.widgets.map_pane import MapPane
from studio.tui.widgets.said_bar import SaidBar

if TYPE_CHECKING:
    from studio.tui.app import StudioApp

EDIT_BINDINGS = [
    Binding("c", "change", "change", id="designer.change"),
    Binding("a", "act_node", "act…", id="designer.act"),
    Binding("z", "undo_edit", "undo", id="designer.undo"),
]
HINTS = {
    "wait": ("event, timeout", "app/login 2d"),
    "sleep": ("duration", "1h"),
    "reminder": ("event", "reminder/login"),
    "step": ("name", "send welcome"),
    "log line": ("text", "nobody came"),
}
"""What is asked for of a thing that is inserted, and an example."""
_AS_JSON = ("retries", "once")


class DesignerEdits:
    """A part of `DesignerScreen`."""

    @property
    def _edit_screen(self) -> Screen[None]:
        return cast("Screen[None]", self)

    @property
    def _edit_app(self) -> StudioApp:
        return cast("StudioApp", self._edit_screen.app)

    def read_again(self) -> None:
        """The file is another."""
        raise NotImplementedError

    def _chosen(self) -> Node | None:
        node = self._edit_screen.query_one(MapPane).node
        if node is None:
            self._say_edit("no node is chosen", "muted")
        return node

    def _say_edit(self, text: str, tone: str) -> None:
        self._edit_screen.query_one(SaidBar).say(text, tone)

    def _done(self, said: str | None) -> None:
        if said:
            self._say_edit(f"{said} · z takes it back", "success")
            self.read_again()

    async def _write(self, node: Node, make: Callable[[str], Edit]) -> str:
        """Write an edit of a node's file, and give its sentence."""
        desk = self._edit_app.desk
        if desk is not None and desk.read_only:
            refuse("no file is changed")

        def write() -> str:
            file = files.read(node.span.file)
            edit = make(file.source)
            self._edit_app.edits.apply(file, edit)
            return edit.sentence

        # LibCST takes a third of a second to import, and a disk as long as it likes.
        return await asyncio.to_thread(write)

    def action_change(self) -> None:
        """Change a value of the node."""
        if (node := self._chosen()) is None:
            return
        fields = [_field(node, what) for what in FIELDS.get(node.kind, ())]
        if not fields:
            self._say_edit(f"nothing of {title(node)} can be changed here: e edits its line", "muted")
            return

        async def take(field: Field, text: str) -> str:
            key, value = _read(field, text)
            return await self._write(
                node, lambda source: editing.change(source, node, field.name, value, key=key)
            )

        about = f"{title(node)}  :{node.line}"
        self._edit_app.push_screen(ChangeScreen(about, fields, take), self._done)

    @work(group="act-node", exclusive=True, exit_on_error=False)
    async def action_act_node(self) -> None:
        """Insert something before or after the node, or remove it."""
        if (node := self._chosen()) is None:
            return
        about = f"{title(node)}  :{node.line}"
        where, what = await self._edit_app.push_screen_wait(ActNodeScreen(about))
        if what == "remove":
            try:
                self._done(await self._write(node, lambda source: editing.remove(source, node)))
            except StudioError as error:
                self._say_edit(str(error), "error")
        elif what:

            async def take(field: Field, text: str) -> str:
                new = template(what, text)
                return await self._write(
                    node, lambda source: editing.insert(source, node, cast(Where, where), new)
                )

            name, hint = HINTS[what]
            fields = [Field(name, "", f"such as {hint}")]
            self._edit_app.push_screen(
                ChangeScreen(f"the new {what} {where} {about}", fields, take), self._done
            )

    def type_source(self, path: str, line: int) -> None:
        """Type in a file, from this line on."""
        from studio.tui.screens.source_editor import SourceEditor

        desk = self._edit_app.desk
        try:
            if desk is not None and desk.read_only:
                refuse("no file is changed")
            file = files.read(path)
            if Document(file.source).text != file.source:
                fix = "e opens it in $EDITOR."
                raise EditError("its lines end in more than one way", path=path, fix=fix)
        except StudioError as error:
            self._say_edit(str(error), "error")
            return

        def left(saved: bool | None) -> None:
            if saved:
                self._done("saved what was typed")

        self._edit_app.push_screen(SourceEditor(file, line), left)

    @work(group="undo-edit", exclusive=True, exit_on_error=False)
    async def action_undo_edit(self) -> None:
        """Take the last change of this file back."""
        node = self._edit_screen.query_one(MapPane).node
        if node is None:
            return
        try:
            done = await asyncio.to_thread(self._edit_app.edits.undo, node.span.file)
        except StudioError as error:
            self._say_edit(str(error), "error")
            return
        self._say_edit(f"took back: {done.sentence}", "success")
        self.read_again()


def _field(node: Node, what: str) -> Field:
    if what in ("event", "name", "duration"):
        return Field(what, node.text)
    if what == "text":
        return Field(what, node.text.strip('"'))
    if what == "match":
        return Field(what, node.detail(what) or "", 'such as id="post2"')
    return Field(what, node.detail(what) or "", "an empty line takes it away")


def _read(field: Field, text: str) -> tuple[str, Any]:
    """The key of a match, and the value that a text means."""
    text = text.strip()
    if field.name == "match":
        key, given, text = text.partition("=")
        if not given:
            raise EditError("a match is written as key=value", fix='Write one such as id="post2".')
        return key.strip(), _json(text.strip()) if text.strip() else REMOVED
    if not text:
        return "", REMOVED
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
    makers: dict[str, Callable[[str], Template]] = {
        "sleep": NewSleep,
        "reminder": NewReminder,
        "step": NewStep,
        "log line": NewLog,
    }
    return makers[what](text)

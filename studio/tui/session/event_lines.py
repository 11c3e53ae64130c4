"""Many events at once, written in the person's own editor as JSON lines."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from textual.app import App, SuspendNotSupported

from studio.errors import EventError, StudioError
from studio.language.incoming import Incoming
from studio.tui.session.drafts import Draft, pasted_events
from studio.tui.session.editor import edit, editor

NAME = "events.jsonl"
HEAD = """\
# One event a line. Save and leave the editor: they stand in Inject then, and enter sends them.
# Lines that begin with # are left out; without any event nothing is sent.
"""


def lines_of(draft: Draft) -> str:
    """What the editor begins with: the event of the form, or one to be overwritten."""
    name, user = draft.event.strip() or "app/login", draft.user.strip() or "user1"
    try:
        data = json.loads(draft.data) if draft.data.strip() else {}
    except ValueError:
        # It stands in the form, where its mistake is shown; here it is a text of one field.
        data = {"data": draft.data}
    line = json.dumps({"event": name, "user": user, "data": data}, ensure_ascii=False)
    # What nobody has typed is an example, and is not sent unless somebody takes the mark away.
    return HEAD + (line if draft.event.strip() else f"# {line}") + "\n"


def events_of_lines(text: str, now: int) -> list[Incoming]:
    """The events that were written.

    Raises:
        EventError: names the line and what is wrong.
    """
    if all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines()):
        return []
    found = pasted_events(text, now)
    if found is None:
        raise EventError(
            "these are no events", where=NAME, fix='Write {"event": "app/login", "user": "user1"}.'
        )
    return found


def written_in_editor(app: App[object], text: str) -> str | None:
    """What a person has made of a text in the editor; None when it was left as it is.

    Raises:
        StudioError: there is no editor, or it cannot be run here.
    """
    if app.is_web:
        raise StudioError("a browser has no editor", fix="Paste the events into Inject.")
    program = editor()
    if not program:
        raise StudioError("no editor is named", fix="Set $EDITOR, or paste the events into Inject.")
    # Others have no business in it: events hold what users said.
    with tempfile.TemporaryDirectory(prefix="journey-studio-") as folder:
        path = Path(folder, NAME)
        path.write_text(text, encoding="utf-8")
        before = path.stat().st_mtime_ns
        try:
            with app.suspend():
                edit(program, path, text.count("\n"))
        except SuspendNotSupported:
            raise StudioError("this terminal cannot be lent to an editor") from None
        try:
            if path.stat().st_mtime_ns == before:
                return None
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StudioError(f"what was written cannot be read: {error}") from None

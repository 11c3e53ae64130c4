"""One act on all marked rows: asked about with its count, done one after the other, told in a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial

from textual.worker import Worker

from studio.engine.client import EngineClient
from studio.errors import EventError, StudioError
from studio.language.incoming import Incoming, incoming
from studio.tui.screens.control import Control
from studio.tui.session.answering import AnswerQuestion
from studio.tui.session.long_work import LongWork
from studio.tui.session.marked import Marked, MarkedAct, MarkedQuestion, MarkedRow
from studio.tui.session.read_only import refusal
from studio.tui.session.reader import Reader, ReaderClosed
from studio.tui.widgets.marking import Marking
from studio.wording.values import counted

Work = Callable[[], Coroutine[None, None, None]]
AT_ONCE = 16
"""Acts that are asked for together: another process answers each in its next batch."""
TOLD_EACH = 50
"""After so many it is said how far it has come."""
DONE: dict[MarkedAct, tuple[str, str]] = {
    "answer": ("answered", "wait"),
    "time_out": ("timed out", "wait"),
    "resume": ("resumed", "journey"),
    "cancel": ("cancelled", "journey"),
    "resend": ("sent again", "event"),
}


class MarkedControl(Control):
    """Does one thing to all rows that are marked."""

    def marked_list(self) -> Marking[MarkedRow] | None:
        """The focused list, when rows of it are marked."""
        focused = self.screen.focused
        return focused if isinstance(focused, Marking) and focused.marks else None

    async def offer(self, act: MarkedAct | None = None) -> None:
        """Ask what is to be done to the marked rows of the focused list; a yes does it.

        Args:
            act: what; None lets it be chosen.
        """
        from studio.tui.screens.marked_acts import MarkedActsScreen

        marked = self.marked_list()
        if marked is None:
            return
        rows = tuple(marked.marks.values())
        found = await self._look(rows, act)
        if found is None:
            return

        def take(chosen: MarkedAct | None) -> None:
            if chosen is not None:
                marked.unmark()
                self._begin(partial(self._carry_out, rows, chosen, found.count(chosen)))

        self.screen.app.push_screen(MarkedActsScreen(found, act), take)

    def _begin(self, work: Work) -> Worker[None]:
        return self.screen.run_worker(work, group="act", exit_on_error=False)

    async def ask_and_act(self, rows: Sequence[MarkedRow], act: MarkedAct | None = None) -> None:
        """Ask what is to be done to rows that are shown over the screen, and do it."""
        from studio.tui.screens.marked_acts import MarkedActsScreen

        found = await self._look(rows, act)
        if found is None:
            return
        chosen = await self.screen.app.push_screen_wait(MarkedActsScreen(found, act))
        if chosen is not None:
            await self._carry_out(rows, chosen, found.count(chosen))

    async def _look(self, rows: Sequence[MarkedRow], act: MarkedAct | None) -> Marked | None:
        """How the rows stand; None when nothing can be done, which is said."""
        client, reader = self.session.client, self.session.reader
        if client is None or reader is None:
            return None
        if client.read_only:
            self.say(str(refusal("cannot act on journeys", client)), "error")
            return None
        try:
            found: Marked = await reader.ask(MarkedQuestion(rows).read)
        except StudioError as error:
            self.say(str(error), "error")
            return None
        if act is not None and not found.count(act):
            why = found.left_out() or "mark others"
            self.say(f"none of these can be {DONE[act][0]}: {why}", "muted")
            return None
        return found

    async def _carry_out(self, rows: Sequence[MarkedRow], act: MarkedAct, asked: int) -> None:
        client, reader = self.session.client, self.session.reader
        if client is None or reader is None:
            return
        try:
            # While it was asked some may have ended by themselves.
            now: Marked = await reader.ask(MarkedQuestion(rows).read)
            await self._do(client, reader, act, asked, now)
        except ReaderClosed:
            return
        except StudioError as error:
            self.say(str(error), "error")

    async def _do(
        self, client: EngineClient, reader: Reader, act: MarkedAct, asked: int, found: Marked
    ) -> None:
        refused: list[str] = []
        match act:
            case "time_out":
                targets: Sequence[int | str] = [each.seq for each in found.timed]
                done = await self._each(client, act, targets, refused)
            case "resume" | "cancel":
                done = await self._each(client, act, found.failed if act == "resume" else found.open, refused)
            case "answer":
                done = await self._send(client, await self._answers(client, reader, found, refused))
            case _:
                done = await self._send(client, await self._again(reader, found, refused))
        self._tell(act, done, asked, found.count(act), refused)

    def _tell(self, act: MarkedAct, done: int, asked: int, still: int, refused: list[str]) -> None:
        words, what = DONE[act]
        said = f"{words} {counted(done, what)}"
        if asked > still:
            over = asked - still
            said += f" · {over:,} {'was' if over == 1 else 'were'} over meanwhile"
        if refused:
            said += f" · {len(refused):,} refused: {refused[0]}"
        self.say(said, "error" if refused else "success")

    async def _each(
        self, client: EngineClient, act: MarkedAct, targets: Sequence[int | str], refused: list[str]
    ) -> int:
        """Act on one after the other, a few at a time. Gives how many it was done to."""
        done = 0

        async def one(target: int | str) -> bool:
            try:
                await client.act(act, target)
            except StudioError as error:
                refused.append(str(error))
                return False
            return True

        what = counted(len(targets), DONE[act][1])
        with self.session.works.under_way(f"{act.replace('_', ' ')} {what}", len(targets)) as work:
            for at in range(0, len(targets), AT_ONCE):
                if work.stopped:
                    refused.append(f"stopped after {work.done:,} of {len(targets):,}")
                    break
                done += sum(await asyncio.gather(*map(one, targets[at : at + AT_ONCE])))
                work.done = min(at + AT_ONCE, len(targets))
                self._say_progress(work)
        return done

    def _say_progress(self, work: LongWork) -> None:
        if work.total > TOLD_EACH:
            self.say(f"{work.done:,} of {work.total:,} … · W lists it and stops it", "muted")

    async def _answers(
        self, client: EngineClient, reader: Reader, found: Marked, refused: list[str]
    ) -> list[Incoming]:
        events: list[Incoming] = []
        what = counted(len(found.waits), "wait")
        with self.session.works.under_way(f"look for what answers {what}", len(found.waits)) as work:
            for wait in found.waits:
                if work.stopped:
                    # They are one act, and it has not begun.
                    raise StudioError("stopped: no wait was answered")
                answer = await reader.ask(AnswerQuestion(wait, client.workflows).read)
                try:
                    events.append(incoming(answer.event, answer.user, answer.data))
                except EventError as error:
                    refused.append(str(error))
                work.done += 1
                if work.done % AT_ONCE == 0:
                    self._say_progress(work)
        return events

    async def _again(self, reader: Reader, found: Marked, refused: list[str]) -> list[Incoming]:
        events = []
        for seq in found.events:
            entry = await reader.ask(lambda views, seq=seq: views.entry(seq))  # type: ignore[misc]
            if entry is None:
                refused.append("this event is no longer in the store")
                continue
            data = entry.data if isinstance(entry.data, dict) else {}
            events.append(incoming(entry.name or "", entry.user or "", data))
        return events

    async def _send(self, client: EngineClient, events: list[Incoming]) -> int:
        """All of them as one act, which `z` takes back."""
        if events:
            await client.send_many(events)
        return len(events)

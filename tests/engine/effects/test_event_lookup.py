"""What opens a wait is asked for elsewhere; the answers become events, and the question is over."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from studio import VirtualClock, incoming
from studio.engine.effects.event_lookup import EventQuestions
from studio.engine.work.work_items import Entry, OperatorCommand, QueuedEvent
from studio.kernel.records import Ask
from studio.language.incoming import Incoming
from studio.store.sqlite import Store
from tests.engine.bench import Bench

ASK = Ask(7, "ada", ("paid", "app/*"), {"n": 1})


class Hook:
    """Takes questions, and answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[Ask, Callable[[Future[list[Incoming]]], None]]] = []
        self.busy = False
        self.calls: set[Any] = set()

    def ask(self, ask: Ask, heard: Callable[[Future[list[Incoming]]], None]) -> None:
        self.asked.append((ask, heard))

    def answer(self, *events: Incoming) -> None:
        future: Future[list[Incoming]] = Future()
        future.set_result(list(events))
        self.asked[-1][1](future)


class Desk:
    """Questions of an engine that does nothing else."""

    def __init__(self, hook: Any = None) -> None:
        self.handed_in: list[list[Entry]] = []
        self.epoch = 0
        self.questions = EventQuestions(hook, VirtualClock(50), self.handed_in.append, lambda: self.epoch)


def test_an_answer_is_its_events_and_that_the_question_is_over(tmp_path: Path) -> None:
    hook = Hook()
    desk = Desk(hook)
    desk.questions.ask([ASK])
    paid = incoming("paid", "ada", {"n": 1})
    hook.answer(paid)
    ((event, end),) = desk.handed_in
    assert (event[0], isinstance(event[1], QueuedEvent) and event[1].incoming) == (50, paid)
    assert isinstance(end[1], OperatorCommand)
    bench = Bench(tmp_path / "a.db")
    end[1].run(bench.batch, 50)
    assert bench.batch.unit.changes.ended_meta == [(ASK.key,)]


def test_what_was_asked_for_a_history_that_is_cut_off_answers_nothing() -> None:
    hook = Hook()
    desk = Desk(hook)
    desk.questions.ask([ASK])
    desk.epoch += 1
    hook.answer(incoming("paid", "ada", {}))
    assert desk.handed_in == []


def test_a_question_that_was_let_go_of_answers_nothing() -> None:
    desk = Desk(Hook())
    future: Future[list[Incoming]] = Future()
    future.cancel()
    desk.questions.hear(ASK, 0, future)
    assert desk.handed_in == []


def test_those_that_were_open_are_found_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db")
    fields = '{"user": "ada", "events": ["paid", "app/*"], "match": {"n": 1}}'
    with store.transaction() as con:
        con.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (ASK.key, fields))
    assert Desk(Hook()).questions.open_questions(store) == [ASK]
    assert Desk().questions.open_questions(store) == []
    store.close()


def test_without_a_hook_there_is_nothing_to_ask() -> None:
    questions = Desk().questions
    assert (questions.wanted, questions.busy, questions.calls()) == (False, False, [])
    hook = Hook()
    hook.busy = True
    assert (Desk(hook).questions.wanted, Desk(hook).questions.busy) == (True, True)

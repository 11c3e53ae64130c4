"""Writing something new into a workflow: whole lines, between two statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m

from studio.design.editing import checking
from studio.design.editing.changing import WIDTH, width
from studio.design.editing.checking import EditedLines
from studio.design.editing.edit import Edit, lines_of
from studio.design.editing.fields import check
from studio.design.editing.importing import called_here, channels, top_level_names, with_import
from studio.design.editing.insertion_points import Spot, spot
from studio.design.editing.literals import written
from studio.design.editing.source import Source
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
from studio.design.outline.calls import KINDS
from studio.design.outline.labels import title
from studio.design.outline.model import Kind, Node
from studio.design.outline.sources import Resolver
from studio.language.names import fault
from studio.text import syntax


def insert(source: str, node: Node, where: Where, template: Template, resolve: Resolver) -> Edit:
    """See `studio.design.editing.insert`."""
    text = Source(source, node.span.file)
    outlines = checking.read(text, node, resolve)
    place = spot(text, outlines, node, where)
    new = _Writer(text, node, place).write(template)
    line = place.line + place.blank_before
    code, made = _with_lines(text, place, new.lines)
    lines = EditedLines((place.line, place.line - 1), made[1] - made[0] + 1)
    nodes = checking.check_lines(text, outlines, code, node, lines, made, resolve)
    if not any(each.kind == new.kind and each.text == new.text for each in nodes):
        raise text.refuse(node, f"the map would not show the {new.kind}")
    code = text.whole(code)
    if new.function:
        code, moved = _with_function(code, node, line, new.function, resolve)
        line += moved
    if new.imports:
        longer = with_import(code, node.span.file, node, new.imports)
        line += len(lines_of(longer)) - len(lines_of(code))
        code = longer
    where_to = title(node) if node.kind not in ("start", "branch", "loop") else f"{node.kind} {title(node)}"
    where_to = where_to if len(where_to) <= 60 else f"{where_to[:59]}…"
    return Edit(node.span.file, source, code, f"{new.told} {where} {where_to}", line)


@dataclass(frozen=True, slots=True)
class _New:
    """Lines to put in, and how the map will show the first of them."""

    lines: list[str]
    kind: Kind
    text: str
    told: str
    function: tuple[str, ...] = ()
    """Lines that they need above the workflow: a function that they call, a channel."""
    imports: str = ""
    """A name of ours that is still to be imported."""


class _Writer:
    """Writes what a person would write at a place."""

    def __init__(self, text: Source, node: Node, place: Spot) -> None:
        self.text = text
        self.node = node
        self.at = text.place(node)
        self.margin = place.indent
        self.step = text.module.default_indent
        self.quote = text.quote()
        self.functions = text.functions(place.beside)
        self.journey = self._journey()

    def write(self, template: Template) -> _New:
        """The lines of a template, checked as the engine would check them.

        Raises:
            EditError: the engine would refuse it, or it cannot stand there.
        """
        if not isinstance(template, NewLog) and not (self.functions and self.functions[0].asynchronous):
            raise self.text.refuse(self.node, "nothing can be awaited in a function that is not async")
        if isinstance(template, NewWait):
            return self._wait(template)
        if isinstance(template, NewSleep):
            duration = check("sleep", "duration", template.duration, self.at)
            lines = self._call(f"await {self.journey}.sleep", [self._value(duration)])
            return _New(lines, "sleep", str(duration), f"sleep {duration}")
        if isinstance(template, NewUntil):
            return self._until(template)
        if isinstance(template, NewCollection):
            return self._collection(template)
        if isinstance(template, NewMessage):
            return self._message(template)
        if isinstance(template, NewSplit):
            return self._split(template)
        if isinstance(template, NewReminder):
            event = check("ingest", "event", template.event, self.at)
            data = self._values("ingest", template.data)
            given = [self._value(event), *([self._value(data)] if data else [])]
            lines = self._call(f"await {self.journey}.ingest", given)
            return _New(lines, "ingest", event, f"ingest of {event}")
        if isinstance(template, NewStep):
            return self._step(template)
        said = check("log", "text", template.text, self.at)
        return _New(self._log(said, self.margin), "log", f'"{said}"', f"log {written(said)}")

    def _wait(self, template: NewWait) -> _New:
        event = check("wait", "event", template.event, self.at)
        match = self._values("wait", template.match)
        timeout = check("wait", "timeout", template.timeout, self.at) if template.timeout else None
        given = [self._value(event)]
        given += [f"match={self._value(match)}"] if match else []
        given += [f"timeout={self._value(timeout)}"] if timeout else []
        call = f"await {self.journey}.wait_for"
        if not timeout:
            return _New(self._call(call, given), "wait", event, f"wait for {event}")
        name = self.text.free_name(event.rpartition("/")[2], "arrived")
        inner = self.margin + self.step
        lines = self._call(f"{name} = {call}", given)
        lines += [f"{self.margin}if not {name}:", *self._log(f"waited {timeout} for {event}", inner)]
        if template.timed_out == "pass":
            if not self._is_workflow():
                raise self.text.refuse(
                    self.node, f"a return here leaves {self.functions[0].name.value}() and not the pass"
                )
            lines.append(f"{inner}return None")
        return _New(lines, "wait", event, f"wait of {timeout} for {event}")

    def _step(self, template: NewStep) -> _New:
        name = check("step", "name", template.name, self.at)
        retries = check("step", "retries", template.retries, self.at)
        function = self.text.free_name(name, "step")
        given = [self._value(name), function, f"{self.journey}.user.id"]
        given += [f"retries={retries}"] if retries else []
        lines = self._call(f"await {self.journey}.step", given)
        definition = (
            f"def {function}(user: str) -> None:",
            f"{self.step}print({self._value(name)}, user)  # Here: what this step is to do.",
        )
        return _New(lines, "step", name, f"step {name}", definition)

    def _until(self, template: NewUntil) -> _New:
        time = check("until", "time", template.time, self.at)
        days = {"on": template.on, "days": template.days, "date": template.date}
        given = [self._value(time)]
        for name, value in days.items():
            if value is not None:
                given.append(f"{name}={self._value(check('until', name, value, self.at))}")
        if len(given) > 2:
            raise self.text.refuse(
                self.node, "a time is of one day, or of some weekdays", "Give one of them."
            )
        lines = self._call(f"await {self.journey}.until", given)
        return _New(lines, "until", str(time), f"until {time}")

    def _collection(self, template: NewCollection) -> _New:
        event = check("wait", "event", template.event, self.at)
        given = [self._value(event)]
        for name in ("quiet", "at_most"):
            if (value := getattr(template, name)) is not None:
                given.append(f"{name}={self._value(check('wait', name, value, self.at))}")
        variable = self.text.free_name(event.rpartition("/")[2], "collected")
        lines = self._call(f"{variable} = await {self.journey}.collect", given)
        said = self._value(f"{event} came {{len({variable})}} times")
        lines += self._call(f"{self.journey}.log", [f"f{said}"])
        return _New(lines, "wait", event, f"collection of {event}")

    def _message(self, template: NewMessage) -> _New:
        name = check("message", "name", template.name, self.at)
        if why := fault(template.channel):
            raise self.text.refuse(self.node, f"the channel's name {why}", "Write it as email.")
        channel, made, imports = self._channel(template.channel)
        function = self.text.free_name(name, "send")
        if function == channel:
            function = self.text.free_name(f"send {name}", "send")
        given = [channel, self._value(name), function, f"{self.journey}.user.id"]
        lines = self._call(f"await {self.journey}.message", given)
        definition = (
            *made,
            f"def {function}(user: str) -> None:",
            f"{self.step}print({self._value(name)}, user)  # Here: what sends this message.",
        )
        return _New(lines, "message", name, f"message {name}", definition, imports)

    def _channel(self, name: str) -> tuple[str, list[str], str]:
        """What a channel is called here; the lines that make it, where there is none; what they import."""
        if name in top_level_names(self.text):
            return name, [], ""
        if (known := channels(self.text).get(name)) is not None:
            return known, [], ""
        variable = self.text.free_name(name, "channel")
        if variable != name:
            variable = self.text.free_name(f"{name} channel", "channel")
        called, is_new = called_here(self.text, self.node, "channel")
        made = [f"{variable} = {called}({self._value(name)})", "", ""]
        return variable, made, "channel" if is_new else ""

    def _split(self, template: NewSplit) -> _New:
        name = check("split", "name", template.name, self.at)
        arms = check("split", "arms", template.arms, self.at)
        variable = self.text.free_name(name, "arm")
        lines = self._call(
            f"{variable} = await {self.journey}.split", [self._value(name), self._value(dict(arms))]
        )
        inner = self.margin + self.step
        *others, last = arms
        for word, arm in zip(["if", *["elif"] * len(arms)], others, strict=False):
            lines.append(f"{self.margin}{word} {variable} == {self._value(arm)}:")
            lines += self._log(f"{name}: {arm}", inner)
        if others:
            lines.append(f"{self.margin}else:")
        lines += self._log(f"{name}: {last}", inner if others else self.margin)
        return _New(lines, "split", name, f"split {name}")

    # -- parts -----------------------------------------------------------------------------

    def _log(self, said: str, margin: str) -> list[str]:
        return self._call(f"{self.journey}.log", [self._value(said)], margin)

    def _value(self, value: object) -> str:
        return written(value, self.quote, self.text.encoding)

    def _values(self, kind: str, data: Mapping[str, object]) -> dict[str, object]:
        return {key: check(kind, "match", value, self.at, key) for key, value in data.items()}

    def _call(self, head: str, given: list[str], margin: str | None = None) -> list[str]:
        """A call on one line; on more where it would be too long."""
        margin = self.margin if margin is None else margin
        inner = margin + self.step
        layouts = [
            [f"{margin}{head}({', '.join(given)})"],
            [f"{margin}{head}(", f"{inner}{', '.join(given)}", f"{margin})"],
        ]
        if len(given) > 1:
            layouts.append([f"{margin}{head}(", *(f"{inner}{each}," for each in given), f"{margin})"])
        return next((each for each in layouts if max(map(width, each)) <= WIDTH), layouts[-1])

    def _is_workflow(self) -> bool:
        return any("workflow" in self.text.code(each) for each in self.functions[0].decorators)

    def _journey(self) -> str:
        """What the journey is called at this place."""
        if self.node.kind in KINDS.values():
            called = self.text.call(self.node).func
            # `print` and `logging` are no methods of the journey.
            said = self.node.kind == "log" and not m.matches(called, m.Attribute(attr=m.Name("log")))
            if not said and isinstance(called, cst.Attribute) and _is_dotted(called.value):
                return self.text.code(called.value)
        for function in self.functions:
            given = [*function.params.posonly_params, *function.params.params, *function.params.kwonly_params]
            for each in given:
                hint = each.annotation and self.text.code(each.annotation.annotation).strip("\"'")
                if each.name.value == "journey" or (hint and hint.rpartition(".")[2] == "Journey"):
                    return each.name.value
            if given and any("workflow" in self.text.code(each) for each in function.decorators):
                return given[0].name.value
        raise self.text.refuse(self.node, "the name of the journey there cannot be determined")


def _is_dotted(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) or (isinstance(node, cst.Attribute) and _is_dotted(node.value))


def _with_lines(text: Source, place: Spot, new: list[str]) -> tuple[str, tuple[int, int]]:
    """The text with lines put in, and which they are."""
    whole = ([""] if place.blank_before else []) + new + ([""] if place.blank_after else [])
    near = min(place.line, len(text.lines))
    ending = text.newline(near if text.lines[near - 1].strip() else max(near - 1, 1))
    chunk = ending.join(whole) + ending
    above, below = "".join(text.lines[: place.line - 1]), "".join(text.lines[place.line - 1 :])
    if not below and not above.endswith(("\n", "\r")):
        # A file whose last line does not end stays one.
        chunk = ending + chunk[: -len(ending)]
    return above + chunk + below, (place.line, place.line + len(whole) - 1)


def _with_function(
    source: str, node: Node, line: int, function: tuple[str, ...], resolve: Resolver
) -> tuple[str, int]:
    """The text with a function above the statement of the module that a line is in; and by how much
    that has moved down."""
    text = Source(source, node.span.file)
    statements = syntax.module(text.text).body
    at = next(n for n, each in enumerate(statements) if each.lineno <= line <= (each.end_lineno or 0))
    owner = statements[at]
    first = min([owner.lineno, *(each.lineno for each in getattr(owner, "decorator_list", ()))])
    bound = (statements[at - 1].end_lineno or 0) if at else first - 1
    while first - 1 > bound and text.lines[first - 2].startswith("#"):
        first -= 1
    blank = 0
    while first - 1 - blank > bound and not text.lines[first - 2 - blank].strip():
        blank += 1
    place = Spot(first, "", text.module)
    code, made = _with_lines(text, place, [*function, *[""] * (blank or 2)])
    lines = EditedLines((first, first - 1), made[1] - made[0] + 1)
    outlines = checking.read_all(text, resolve)
    checking.check_lines(text, outlines, code, node, lines, made, resolve)
    return code, lines.moved

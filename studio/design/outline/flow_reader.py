"""Reading a workflow's function into its outline.

`read` takes a `Workflow`, `read_source` the text of a file alone. Neither imports or
runs anything of the author's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from types import CodeType, FunctionType
from typing import Any

from studio.clocks import durations
from studio.design.outline import calls
from studio.design.outline.control_flow import FALL
from studio.design.outline.expressions import Expressions
from studio.design.outline.model import Node, Outcome, Outline, Side, SideKind
from studio.design.outline.sources import Resolver, SourceModule, Sources, beside
from studio.design.outline.values import Function, Names, Nothing, Pending, TheJourney, Value, merged
from studio.errors import WorkflowError
from studio.language.definition import Workflow

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
STARTED = ("key", "again", "exit_on", "timezone", "goal", "refuse", "holdout")
"""What the start of a map says of `@workflow`, beside its trigger."""
_PLAIN = ast.Dict | ast.List | ast.Tuple | ast.Set | ast.JoinedStr | ast.Compare | ast.ListComp | ast.DictComp
"""Expressions that are never None."""


def read(workflow: Workflow, resolve: Resolver = beside) -> Outline:
    """The outline of a loaded workflow, from the source that it was made from.

    Raises:
        WorkflowError: its source is not there or is no Python.
    """
    sources = Sources(resolve)
    function = _function_of(sources, workflow.function, workflow.source_of)
    if function is None:
        raise WorkflowError(
            f'the source of the workflow "{workflow.name}" is not there',
            path=workflow.path,
            line=workflow.line,
            fix="Save its file, and load it again.",
        )
    started = {"trigger": workflow.trigger.text, "key": workflow.key or ""}
    started |= {"again": "True" if workflow.again else ""}
    started |= {"exit_on": workflow.exit_on.text if workflow.exit_on else ""}
    started |= {"timezone": workflow.timezone or ""}
    if workflow.again_after is not None:
        started["again"] = durations.show(workflow.again_after)
    if (goal := workflow.goal) is not None:
        within = "" if goal.within is None else f" within {durations.show(goal.within)}"
        started["goal"] = f"{goal.names.text}{within}"
    started |= {"refuse": getattr(workflow.refuse, "__name__", "") if workflow.refuse else ""}
    started |= {"holdout": "" if workflow.holdout is None else f"{workflow.holdout:g}"}
    return _outline(sources, workflow.name, function, started)


def read_source(source: str, function: str, path: str = "workflow.py", resolve: Resolver = beside) -> Outline:
    """The outline of a function of this name in a source text.

    Raises:
        WorkflowError: there is no such function, or the text is no Python.
    """
    sources = Sources(resolve)
    module = sources.add(path, source)
    made = module.names.get(function)
    if not isinstance(made, _FunctionNode):
        raise WorkflowError(f"there is no function {function!r}", path=module.file)
    return _outline(sources, function, Function(module, made), _decorated(module, made))


def read_each(source: str, path: str, resolve: Resolver = beside) -> list[Outline]:
    """The outline of every function of a source text, helpers and inner ones included.

    Of each the first parameter is taken for the journey. What only a caller knows is not known here.

    Raises:
        WorkflowError: the text is no Python.
    """
    sources = Sources(resolve)
    module = sources.add(path, source)
    return [
        _outline(sources, made.name, Function(module, made), _decorated(module, made))
        for made in ast.walk(module.tree)
        if isinstance(made, _FunctionNode)
    ]


def _function_of(
    sources: Sources, function: Any, source_of: Callable[[str], str], depth: int = 8
) -> Function | None:
    """The function as source; of one that a decorator put around it, also what it sees there."""
    while isinstance(function, partial):
        function = function.func
    code: CodeType | None = getattr(function, "__code__", None)
    source = "" if code is None else source_of(code.co_filename)
    if code is None or not source:
        return None
    module = sources.add(code.co_filename, source)
    node = module.function_at(code.co_firstlineno)
    if node is None or node.name != code.co_name:
        return None
    around: Names = {}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            inner = cell.cell_contents
        except ValueError:
            # Not set yet, or not any more.
            continue
        inner = inner.function if isinstance(inner, Workflow) else inner
        if isinstance(inner, FunctionType) and depth:
            around[name] = _function_of(sources, inner, source_of, depth - 1)
    return Function(module, node, around)


def _decorated(module: SourceModule, node: _FunctionNode) -> dict[str, str]:
    """What @workflow is given, as written."""
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name == "workflow" and isinstance(decorator, ast.Call):
            return {each.arg or "**": _argument(module, each) for each in decorator.keywords}
    return {}


def _argument(module: SourceModule, given: ast.keyword) -> str:
    """An argument of @workflow; a goal as its event and its time."""
    call = given.value
    if given.arg != "goal" or not isinstance(call, ast.Call):
        return calls.literal(module, call)
    named = {each.arg: each.value for each in call.keywords}
    event = call.args[0] if call.args else named.get("event")
    told = module.text(call) if event is None else calls.literal(module, event)
    return f"{told} within {calls.literal(module, named['within'])}" if "within" in named else told


def _outline(sources: Sources, name: str, function: Function, started: dict[str, str]) -> Outline:
    reader = FlowReader(sources)
    try:
        nodes = reader.whole(function, started)
    except RecursionError:
        raise WorkflowError(
            "it is nested too deeply to be read", path=function.module.file, line=function.node.lineno
        ) from None
    return Outline(name, function.module.path, function.node.lineno, tuple(nodes), reader.cut)


class FlowReader(Expressions):
    """The half of a reading that is about statements."""

    def whole(self, function: Function, started: dict[str, str]) -> list[Node]:
        """The nodes of a workflow's function; `started` is what @workflow was given."""
        self.module = function.module
        node = function.node
        head = max(node.lineno, node.body[0].lineno - 1)
        trigger = started.get("trigger", "*")
        details = [(key, started.get(key, "")) for key in STARTED]
        details = [(key, text) for key, text in details if text not in ("", "False")]
        start = self.make("start", trigger, node, end=head, details=tuple(details))
        arguments: list[Value | None] = [TheJourney()]
        body, _ = self.read_function(function, self.look.parameters(function, arguments, {}))
        if FALL in self.ways.of(body):
            last = function.node.body[-1]
            end = last.end_lineno or last.lineno
            body.append(self.make("return", "", last, line=end, outcome="pass"))
        return [start, *body]

    def read_function(self, function: Function, parameters: Names) -> tuple[list[Node], Value | None]:
        """What a function does, and what is known of what it returns."""
        kept = self.module, self.names, self.later, self.returned
        self.module = function.module
        self.names = {**function.around, **parameters}
        self.later = _awaited_later(function.node)
        self.returned = []
        self.entered(function.node)
        try:
            nodes = self.block(function.node.body)
            # A helper's last return is its natural end.
            last = function.node.body[-1]
            if nodes and nodes[-1].outcome == "back" and isinstance(last, ast.Return):
                nodes = nodes[:-1]
            if FALL in self.ways.of(nodes) and not isinstance(last, ast.Return):
                self.returned.append(Nothing())
            gives = merged([{"": value} for value in self.returned]).get("")
            return list(nodes), gives
        finally:
            self.left()
            self.module, self.names, self.later, self.returned = kept

    # -- statements ------------------------------------------------------------------------

    def block(self, statements: list[ast.stmt]) -> list[Node]:
        """The nodes of statements that follow each other, as far as they are reached."""
        with self.apart() as nodes:
            for statement in statements:
                self._statement(statement)
                if self.stopped:
                    break
        return nodes

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Expr):
            self.settled(node.value)
        elif isinstance(node, ast.Assign):
            self._assign(node.targets, node.value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self._assign([node.target], node.value)
        elif isinstance(node, ast.AugAssign):
            self.settled(node.value)
            self.bind(node.target, None)
        elif isinstance(node, ast.Return):
            self._return(node)
        elif isinstance(node, ast.Raise):
            self.settled(node.exc)
            text = " from ".join(self.module.text(each) for each in (node.exc, node.cause) if each)
            self.emit(self.make("raise", text, node))
        elif isinstance(node, ast.Break):
            self.emit(self.make("leave", "", node))
        elif isinstance(node, ast.Continue):
            self.emit(self.make("again", "", node))
        elif isinstance(node, ast.If):
            self._if(node)
        elif isinstance(node, ast.Match):
            self._match(node)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
            self._loop(node)
        elif isinstance(node, ast.Try | ast.TryStar):
            self._try(node)
        elif isinstance(node, ast.With | ast.AsyncWith):
            self._with(node)
        elif isinstance(node, _FunctionNode):
            self.names[node.name] = Function(self.module, node, self.names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                self.names[name] = self.look.imported(self.module, node, name)
        elif isinstance(node, ast.Assert):
            self.settled(node.test)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                self.bind(target, None)

    def _assign(self, targets: list[ast.expr], value: ast.expr) -> None:
        found = self.value(value)
        kept = len(targets) == 1 and isinstance(targets[0], ast.Name) and targets[0].id in self.later
        if isinstance(found, Pending) and not kept:
            self.emit(*found.nodes)
        for target in targets:
            self.bind(target, found)

    def _return(self, node: ast.Return) -> None:
        found = self.value(node.value) if node.value is not None else Nothing()
        helper = len(self._stack) > 1
        if isinstance(found, Pending) and not helper:
            self.emit(*found.nodes)
        if self.stopped:
            # `return await journey.new_pass()`
            return
        outcome: Outcome = "back" if helper else _outcome(node.value, found)
        text = self.module.text(node.value) if node.value is not None else ""
        self.returned.append(found)
        self.emit(self.make("return", text, node, outcome=outcome))

    def _if(self, node: ast.If) -> None:
        sides: list[Side] = []
        ways: list[Names] = []
        first = node
        word = "if"
        while True:
            self.settled(node.test)
            tested = self.tested(node.test)
            before = dict(self.names)
            body = self._way(node.body, ways)
            text = f"{word} {self.module.text(node.test)}"
            kind: SideKind = "if" if node is first else "elif"
            sides.append(self.side(kind, text, node.test.lineno, body, (tested, True)))
            self.names = before
            inner = node.orelse[0] if len(node.orelse) == 1 else None
            # An elif that awaits in its condition is an if in the else: its nodes come between.
            if not isinstance(inner, ast.If) or _has_await(inner.test):
                break
            node, word = inner, "elif"
        rest = self._way(node.orelse, ways)
        line = node.orelse[0].lineno if node.orelse else node.test.lineno
        written = bool(node.orelse)
        sides.append(self.side("else", "else", line, rest, (tested, False), written=written))
        self.meet(ways, before)
        if any(side.body for side in sides):
            self.emit(self.make("branch", self.module.text(first.test), first.test, sides=tuple(sides)))

    def _way(self, statements: list[ast.stmt], ways: list[Names]) -> list[Node]:
        """One of several ways; what it knows counts where they meet, if it comes there."""
        nodes = self.block(statements)
        if FALL in self.ways.of(nodes):
            ways.append(self.names)
        return nodes

    def _match(self, node: ast.Match) -> None:
        self.settled(node.subject)
        before = dict(self.names)
        sides: list[Side] = []
        ways: list[Names] = []
        complete = False
        for case in node.cases:
            self.names = dict(before)
            for each in ast.walk(case.pattern):
                name = getattr(each, "name", None) or getattr(each, "rest", None)
                if isinstance(name, str):
                    self.names[name] = None
            with self.apart() as nodes:
                self.settled(case.guard)
            guard = f" if {self.module.text(case.guard)}" if case.guard else ""
            body = [*nodes, *self._way(case.body, ways)]
            text = f"case {self.module.text(case.pattern)}{guard}"
            sides.append(self.side("case", text, case.pattern.lineno, body))
            pattern = case.pattern
            catches = isinstance(pattern, ast.MatchAs) and pattern.pattern is None
            complete = complete or (catches and case.guard is None)
        if not complete:
            ways.append(before)
            sides.append(self.side("else", "else", node.lineno, (), written=False))
        self.meet(ways, before)
        if any(side.body for side in sides):
            text = f"match {self.module.text(node.subject)}"
            self.emit(self.make("branch", text, node.subject, line=node.lineno, sides=tuple(sides)))

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        if isinstance(node, ast.While):
            text = f"while {self.module.text(node.test)}"
            end = node.test.end_lineno
        else:
            word = "async for" if isinstance(node, ast.AsyncFor) else "for"
            text = f"{word} {self.module.text(node.target)} in {self.module.text(node.iter)}"
            self.settled(node.iter)
            end = node.iter.end_lineno
        before = dict(self.names)
        for name in _assigned(node):
            # In a later round it is what an earlier one made of it.
            if not isinstance(self.names.get(name), TheJourney):
                self.names.pop(name, None)
        ways: list[Names] = [before]
        with self.apart() as nodes:
            if isinstance(node, ast.While):
                self._while_test(node)
                if nodes:
                    text = "while True"
            else:
                self.bind(node.target, None)
            self.emit(*self._way(node.body, ways))
        sides = [self.side("body", "", node.lineno, nodes)]
        self.meet(ways, before)
        if node.orelse:
            after = self.block(node.orelse)
            sides.append(self.side("else", "else, without break", node.orelse[0].lineno, after))
        if any(side.body for side in sides):
            self.emit(self.make("loop", text, node, end=end, sides=tuple(sides)))

    def _while_test(self, node: ast.While) -> None:
        """A condition that awaits is asked again in each round: `while True`, and left when it fails."""
        with self.apart() as nodes:
            self.settled(node.test)
        if not nodes:
            return
        self.emit(*nodes)
        tested = self.tested(node.test).turned()
        text = self.module.text(node.test)
        leave = self.make("leave", "", node.test)
        sides = (
            self.side("if", f"if not ({text})", node.test.lineno, (leave,), (tested, True)),
            self.side("else", "else", node.test.lineno, (), (tested, False), written=False),
        )
        self.emit(self.make("branch", f"not ({text})", node.test, sides=sides))

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        before = dict(self.names)
        ways: list[Names] = []
        # An exception may come anywhere: what the body had not bound by then is as before.
        main = [*self.block(node.body)]
        ended = FALL not in self.ways.of(main)
        after = [] if ended else self.block(node.orelse)
        if not ended and FALL in self.ways.of(after):
            ways.append(self.names)
        somewhere = merged([before, dict(self.names)])
        sides = [self.side("body", "", node.lineno, main)]
        for handler in node.handlers:
            self.names = dict(somewhere)
            if handler.name:
                self.names[handler.name] = None
            body = self._way(handler.body, ways)
            caught = f" {self.module.text(handler.type)}" if handler.type else ""
            named = f" as {handler.name}" if handler.name else ""
            sides.append(self.side("except", f"except{caught}{named}", handler.lineno, body))
        if after:
            sides.append(self.side("else", "else", node.orelse[0].lineno, after))
        self.meet(ways, somewhere)
        if node.finalbody:
            last = self.block(node.finalbody)
            sides.append(self.side("finally", "finally", node.finalbody[0].lineno, last))
        if any(side.body for side in sides):
            self.emit(self.make("try", "try", node, end=node.lineno, sides=tuple(sides)))

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        first = node.items[0].context_expr
        managed = len(node.items) == 1 and isinstance(first, ast.Call)
        for item in node.items if not managed else ():
            self.settled(item.context_expr)
        for item in node.items:
            if item.optional_vars is not None:
                self.bind(item.optional_vars, None)
        body = self.block(node.body)
        made = [self._with_node(node, body)] if body else []
        if managed:
            # What a helper does before its yield comes first, and what it does after that comes last.
            inside = made if "back" not in self.ways.of(body) else []
            kept, self.yielded = self.yielded, inside
            self.settled(first)
            made = made if self.yielded or not inside else []
            self.yielded = kept
        self.emit(*made)

    def _with_node(self, node: ast.With | ast.AsyncWith, body: list[Node]) -> Node:
        word = "async with" if isinstance(node, ast.AsyncWith) else "with"
        items = ", ".join(
            self.module.text(item.context_expr)
            + (f" as {self.module.text(item.optional_vars)}" if item.optional_vars else "")
            for item in node.items
        )
        sides = (self.side("body", "", node.lineno, body),)
        end = node.items[-1].context_expr.end_lineno
        return self.make("with", f"{word} {items}", node, end=end, sides=sides)


def _outcome(node: ast.expr | None, found: Value | None) -> Outcome:
    if node is None or isinstance(found, Nothing):
        return "pass"
    if isinstance(node, _PLAIN) or (isinstance(node, ast.Constant) and node.value is not None):
        return "completed"
    return "unclear"


def _awaited_later(function: _FunctionNode) -> set[str]:
    """Variables that are awaited, or given to a group, under their name."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Await):
            found |= _names([node.value])
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("wait_any", "wait_all"):
            found |= _names(node.args)
    return found


def _names(nodes: list[ast.expr]) -> set[str]:
    bare = [node.value if isinstance(node, ast.Starred) else node for node in nodes]
    return {node.id for node in bare if isinstance(node, ast.Name)}


def _has_await(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Await) for each in ast.walk(node))


def _assigned(node: ast.stmt) -> set[str]:
    return {
        each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }

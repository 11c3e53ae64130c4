"""Reads a workflow's function, and the author's functions that it calls, for what will go wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from studio.design.checks.calls import PATH_METHODS, await_fix, misplaced, shown
from studio.design.checks.event_fields import SaidOfEvent, Spaces, named_event
from studio.design.checks.findings import CheckFinding
from studio.design.checks.passes import blocks, is_endless, passes_after
from studio.design.checks.sources import (
    CheckedSource,
    CheckedSources,
    Function,
    assigned,
    full_name,
    imported,
)
from studio.language.definition import Workflow

_BUILTINS = {name: f"builtins.{name}" for name in ("open", "input")}
_GROUPS = ("wait_any", "wait_all")
_ENDS_BY_ITSELF = frozenset(("sleep", "until", "step", "message", "ingest"))


@dataclass(frozen=True, slots=True)
class Spoken:
    """An event's name that is written out somewhere."""

    name: str
    path: str
    line: int
    workflow: str
    fine: bool = False
    """The line is said to be all right."""


@dataclass(slots=True)
class Read:
    """What was found in functions so far."""

    findings: list[CheckFinding] = field(default_factory=list)
    heard: list[Spoken] = field(default_factory=list)
    """Names that are waited for or looked up."""
    begun: list[Spoken] = field(default_factory=list)
    """Names that begin journeys."""
    goals: list[Spoken] = field(default_factory=list)
    """Names that journeys are for."""
    sent: list[Spoken] = field(default_factory=list)
    said: list[SaidOfEvent] = field(default_factory=list)
    """What is written out of the fields of events."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where in the code the reader is."""

    source: CheckedSource
    workflow: str
    journeys: frozenset[str]
    """Names that stand for the journey."""
    names: dict[str, str]
    """What names stand for here."""
    nested: dict[str, Function]
    """Functions defined in this one."""
    local: frozenset[str]
    """Names bound in this function."""
    after: dict[int, bool]
    """By statement, whether a second pass may come here again."""
    again: bool = False
    """The same, for the statement that is read."""
    in_finally: bool = False


class CallReader:
    """Reads functions, each once for each way it is called."""

    def __init__(self, sources: CheckedSources, spaces: Spaces | None = None) -> None:
        self.read = Read()
        self._spaces = spaces or {}
        self._sources = sources
        self._done: set[tuple[int, str, frozenset[str], bool, bool]] = set()
        self._reported: set[tuple[str, int, str, str]] = set()

    def workflow(self, workflow: Workflow) -> None:
        """Read a workflow's function and all that it calls."""
        code = workflow.original.__code__
        source = self._sources.read(code.co_filename)
        function = None if source is None else _at(source, code.co_name, code.co_firstlineno)
        parameters = [] if function is None else [*function.args.posonlyargs, *function.args.args]
        if source is None or function is None or not parameters:
            what = f"the source of {workflow.name} is not to be found, so that it was not read"
            fix = "Write it as a function in a file."
            self.read.findings.append(
                CheckFinding(workflow.path, workflow.line, "warning", "unread", what, fix, workflow.name)
            )
            return
        head = range(code.co_firstlineno, function.lineno + 1)
        fine = not source.fine.isdisjoint(head)
        goal = None if workflow.goal is None else workflow.goal.names
        for wanted, into in (
            *((workflow.trigger, self.read.begun), (workflow.exit_on, self.read.heard)),
            (goal, self.read.goals),
        ):
            for name in wanted.literals if wanted is not None else ():
                into.append(Spoken(name, source.path, code.co_firstlineno, workflow.name, fine))
        self._function(function, source, workflow.name, frozenset((parameters[0].arg,)), None, False)

    def _function(
        self,
        function: Function,
        source: CheckedSource,
        workflow: str,
        journeys: frozenset[str],
        after: bool | None,
        in_finally: bool,
        outer: _Scope | None = None,
    ) -> None:
        again = (id(function), workflow, journeys, bool(after), in_finally)
        if again in self._done:
            return
        self._done.add(again)
        local = frozenset(_bound(function))
        nested = {node.name: node for node in _statements(function.body) if isinstance(node, Function)}
        names = dict(source.names) if outer is None else dict(outer.names)
        for name in (name for name in _BUILTINS if name not in source.functions):
            names.setdefault(name, _BUILTINS[name])
        names = {name: known for name, known in names.items() if name not in local}
        for statement in _statements(function.body):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                names.update(imported(statement))
        for name, value in assigned(list(_statements(function.body))):
            known = full_name(value, names)
            if known is not None and (not known.endswith("()") or known == "pathlib.Path()"):
                names[name] = known
        more = {
            each.arg
            for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
            if isinstance(each.annotation, ast.Name | ast.Constant | ast.Attribute)
            and ast.unparse(each.annotation).strip("'\"").rpartition(".")[2] == "Journey"
        }
        journeys = journeys | more
        if outer is not None:
            journeys |= outer.journeys - local
        scope = _Scope(
            source,
            workflow,
            journeys,
            names,
            {**(outer.nested if outer else {}), **nested},
            local | (outer.local if outer else frozenset()),
            passes_after(function, journeys, after),
            in_finally=in_finally,
        )
        self._block(function.body, scope)

    # -- statements ------------------------------------------------------------------------

    def _block(self, body: list[ast.stmt], scope: _Scope) -> None:
        for statement, following in zip(body, [*body[1:], None], strict=True):
            self._statement(statement, scope)
            if following is not None and is_endless(statement):
                self._tell(
                    scope,
                    following,
                    "endless-loop",
                    f"it follows an endless loop (line {statement.lineno}) and is never reached",
                    "Leave the loop with break, or remove this.",
                )

    def _statement(self, statement: ast.stmt, scope: _Scope) -> None:
        if isinstance(statement, Function | ast.ClassDef):
            return  # Read where it is called.
        scope = replace(scope, again=scope.after.get(id(statement), False))
        if isinstance(statement, ast.AsyncWith):
            for item in statement.items:
                self._foreign(item.context_expr, scope, "async with")
        elif isinstance(statement, ast.AsyncFor):
            self._foreign(statement.iter, scope, "async for")
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.expr):
                self._expression(child, scope)
            elif isinstance(child, ast.withitem):
                self._expression(child.context_expr, scope)
            elif isinstance(child, ast.match_case) and child.guard is not None:
                self._expression(child.guard, scope)
        final = getattr(statement, "finalbody", [])
        for block in blocks(statement):
            self._block(block, replace(scope, in_finally=True) if block is final else scope)

    # -- expressions -----------------------------------------------------------------------

    def _expression(self, node: ast.expr, scope: _Scope) -> None:
        if isinstance(node, ast.Await):
            self._awaited(node.value, scope)
        if isinstance(node, ast.Call):
            self._call(node, scope)
            return
        self._children(node, scope)

    def _children(self, node: ast.AST, scope: _Scope) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._expression(child, scope)
            elif isinstance(child, ast.comprehension):
                if child.is_async:
                    self._foreign(child.iter, scope, "async for")
                self._children(child, scope)
            elif isinstance(child, ast.keyword):
                self._expression(child.value, scope)

    def _awaited(self, node: ast.expr, scope: _Scope) -> None:
        method = _method(node, scope.journeys)
        if method in ("wait_for", *_GROUPS):
            assert isinstance(node, ast.Call)
            self._timeouts(node, scope, bounded=False)
        elif method is None:
            self._foreign(node, scope, "await")

    def _foreign(self, node: ast.expr, scope: _Scope, how: str) -> None:
        target = node.func if isinstance(node, ast.Call) else node
        name = full_name(target, scope.names)
        if name is None or name.startswith(("studio.", "builtins.")):
            return
        if self._own(target, name, scope) is None and not self._sources.is_own(name, scope.source):
            self._tell(
                scope,
                node,
                "foreign-await",
                f"{how} {shown(name)}: a workflow may await journey.… only",
                await_fix(name),
            )

    def _own(
        self, target: ast.expr, name: str | None, scope: _Scope
    ) -> tuple[CheckedSource, Function] | None:
        """The author's own function that is called."""
        if isinstance(target, ast.Name) and name is None:
            if (nested := scope.nested.get(target.id)) is not None:
                return scope.source, nested
            if target.id not in scope.local and (found := scope.source.functions.get(target.id)) is not None:
                return scope.source, found
        return None if name is None else self._sources.function(name, scope.source)

    def _call(self, node: ast.Call, scope: _Scope) -> None:
        method = _method(node, scope.journeys)
        if method is not None:
            self._command(node, method, scope)
            return
        name = full_name(node.func, scope.names)
        own = self._own(node.func, name, scope)
        if own is not None:
            source, function = own
            nested = function.name in scope.nested and scope.nested[function.name] is function
            self._function(
                function,
                source,
                scope.workflow,
                _journeys_given(node, function, scope.journeys),
                scope.again,
                scope.in_finally,
                scope if nested else None,
            )
        elif name is not None and not _is_seeded(name, node.func):
            why = misplaced(name, len(node.args) + len(node.keywords))
            if why is not None:
                self._misplaced(node, scope, why.rule, why.what, why.fix)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in PATH_METHODS:
            what = f".{node.func.attr}() uses files outside a step, at each replay"
            self._misplaced(node, scope, "effect", what, 'Put it into await journey.step("…", function).')
        self._children(node, scope)

    def _misplaced(self, node: ast.expr, scope: _Scope, rule: str, what: str, fix: str) -> None:
        if scope.in_finally and rule == "effect":
            rule = "finally"
            what = what.replace("outside a step, at each replay", "in a finally block")
            what += ", which also runs each time the journey is only set aside"
        self._tell(scope, node, rule, what, fix)

    # -- commands --------------------------------------------------------------------------

    def _command(self, node: ast.Call, method: str, scope: _Scope) -> None:
        if method in ("wait_for", "collect", "events"):
            heard = list(self._spoken(_argument(node, 0, "event"), scope))
            self.read.heard += heard
            self._said(heard, _argument(node, 1, "match"), scope, whole=False)
        elif method == "ingest":
            sent = list(self._spoken(_argument(node, 0, "event"), scope))
            self.read.sent += sent
            self._said(sent, _argument(node, 1, "data"), scope, whole=True)
        function: ast.expr | None = None
        if method == "step":
            function = _argument(node, 1, "function")
            self._step(node, function, scope)
        elif method == "message":
            # As that of a step: it is called elsewhere, by its name.
            function = _argument(node, 2, "function")
            self._importable(node, function, f"message {_quoted(_argument(node, 1, 'name'))}", scope)
        for child in ast.iter_child_nodes(node):
            value = child.value if isinstance(child, ast.keyword) else child
            # A step's function is called by the engine, not here.
            if isinstance(value, ast.expr) and value is not node.func and value is not function:
                self._expression(value, scope)

    def _spoken(self, event: ast.expr | None, scope: _Scope) -> Iterator[Spoken]:
        parts = event.elts if isinstance(event, ast.List | ast.Tuple) else [event]
        for part in parts:
            space = self._spaces.get(scope.source.path, {})
            if part is not None and (name := named_event(part, space)) is not None and "*" not in name:
                fine = self._is_fine(scope.source, part)
                yield Spoken(name, scope.source.path, part.lineno, scope.workflow, fine)

    def _said(self, spoken: list[Spoken], value: ast.expr | None, scope: _Scope, *, whole: bool) -> None:
        if isinstance(value, ast.Dict) and spoken:
            fine = any(each.fine for each in spoken) or self._is_fine(scope.source, value)
            names = tuple(each.name for each in spoken)
            self.read.said.append(SaidOfEvent(names, value, whole, scope.source.path, scope.workflow, fine))

    def _step(self, node: ast.Call, function: ast.expr | None, scope: _Scope) -> None:
        title = f"step {_quoted(_argument(node, 0, 'name'))}"
        once = _keyword(node, "once")
        if scope.again and (once is None or (isinstance(once, ast.Constant) and not once.value)):
            self._tell(
                scope,
                node,
                "second-pass",
                f"a pass can end behind {title} without a result, and the next one does it again",
                "Give it once=True, or end the journey with a result.",
                warning=True,
            )
        self._importable(node, function, title, scope)

    def _importable(self, node: ast.Call, function: ast.expr | None, title: str, scope: _Scope) -> None:
        if (what := self._not_importable(function, scope)) is not None:
            self._tell(
                scope,
                node,
                "not-importable",
                f"{title} calls {what}, which cannot be imported by name and runs on this engine only",
                "Write it as a function at the top level of a module, with what it needs as arguments.",
                warning=True,
            )

    def _not_importable(self, function: ast.expr | None, scope: _Scope) -> str | None:
        if isinstance(function, ast.Lambda):
            return "a lambda"
        if isinstance(function, ast.Call):
            name = full_name(function.func, scope.names)
            return "a partial" if name == "functools.partial" else None
        if isinstance(function, ast.Name) and function.id in scope.nested:
            return f"{function.id}, a function in a function"
        return None

    def _timeouts(self, node: ast.expr, scope: _Scope, *, bounded: bool) -> None:
        """Warn of waits that may wait for ever."""
        if isinstance(node, ast.Starred):
            self._timeouts(node.value, scope, bounded=bounded)
        elif isinstance(node, ast.List | ast.Tuple):
            for each in node.elts:
                self._timeouts(each, scope, bounded=bounded)
        elif isinstance(node, ast.ListComp | ast.GeneratorExp):
            self._timeouts(node.elt, scope, bounded=bounded)
        method = _method(node, scope.journeys)
        if method is None or bounded:
            return
        assert isinstance(node, ast.Call)
        if method == "wait_for":
            if not _has_timeout(node, 2):
                title = _quoted(_argument(node, 0, "event"))
                self._tell(
                    scope,
                    node,
                    "no-timeout",
                    f"wait_for({title}) has no timeout and may wait for ever",
                    "Give it timeout=, or write # studio: ok behind it.",
                    warning=True,
                )
        elif method in _GROUPS and not _has_timeout(node, None):
            kinds = [_method(each, scope.journeys) for each in node.args]
            ends = method == "wait_any" and any(
                kind in ("sleep", "step", "ingest", "message") for kind in kinds
            )
            for each in node.args:
                self._timeouts(each, scope, bounded=ends)

    # -- telling ---------------------------------------------------------------------------

    def _tell(
        self, scope: _Scope, node: ast.AST, rule: str, what: str, fix: str, *, warning: bool = False
    ) -> None:
        line = getattr(node, "lineno", 0)
        told = (scope.source.path, line, rule, what)
        if told in self._reported or self._is_fine(scope.source, node):
            return
        self._reported.add(told)
        self.read.findings.append(
            CheckFinding(
                scope.source.path,
                line,
                "warning" if warning else "error",
                rule,
                what,
                fix,
                scope.workflow,
            )
        )

    @staticmethod
    def _is_fine(source: CheckedSource, node: ast.AST) -> bool:
        first = getattr(node, "lineno", 0)
        return not source.fine.isdisjoint(range(first, (getattr(node, "end_lineno", None) or first) + 1))


def _at(source: CheckedSource, name: str, line: int) -> Function | None:
    for node in ast.walk(source.tree):
        if isinstance(node, Function) and node.name == name:
            lines = [node.lineno, *(each.lineno for each in node.decorator_list)]
            if line in (min(lines), node.lineno):
                return node
    return None


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements of a function, without those of functions in it."""
    for statement in body:
        yield statement
        for block in blocks(statement):
            yield from _statements(block)


def _bound(function: Function) -> Iterator[str]:
    """The names that a function binds itself."""
    arguments = function.args
    for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield each.arg
    for rest in (arguments.vararg, arguments.kwarg):
        if rest is not None:
            yield rest.arg
    for statement in _statements(function.body):
        if isinstance(statement, Function | ast.ClassDef):
            yield statement.name
            continue
        for node in _within(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _within(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement, without its blocks and without functions in it."""
    todo: list[ast.AST] = [
        child
        for child in ast.iter_child_nodes(statement)
        if not isinstance(child, ast.stmt | ast.excepthandler)
    ]
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.Lambda):
            todo += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]


def _method(node: ast.AST, journeys: frozenset[str]) -> str | None:
    """Which of the journey's methods is called; None when it is another call."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in journeys
    ):
        return node.func.attr
    return None


def _is_seeded(name: str, called: ast.expr) -> bool:
    """Whether a generator is made right here: whether it has a seed is looked at where it is made."""
    while isinstance(called, ast.Attribute):
        called = called.value
    return name.startswith("random.Random().") and isinstance(called, ast.Call)


def _quoted(node: ast.expr | None) -> str:
    return f'"{node.value}"' if isinstance(node, ast.Constant) and isinstance(node.value, str) else "…"


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in node.keywords if each.arg == name), None)


def _argument(node: ast.Call, at: int, name: str) -> ast.expr | None:
    if len(node.args) > at and not any(isinstance(each, ast.Starred) for each in node.args[: at + 1]):
        return node.args[at]
    return _keyword(node, name)


def _has_timeout(node: ast.Call, at: int | None) -> bool:
    if any(each.arg is None for each in node.keywords):
        return True
    given = _keyword(node, "timeout") if at is None else _argument(node, at, "timeout")
    return given is not None and not (isinstance(given, ast.Constant) and given.value is None)


def _journeys_given(node: ast.Call, function: Function, journeys: frozenset[str]) -> frozenset[str]:
    """The parameters of a function to which a call hands the journey."""
    parameters = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    given = [
        parameter
        for parameter, value in zip(parameters, node.args, strict=False)
        if isinstance(value, ast.Name) and value.id in journeys
    ]
    given += [
        each.arg
        for each in node.keywords
        if each.arg is not None and isinstance(each.value, ast.Name) and each.value.id in journeys
    ]
    return frozenset(given)

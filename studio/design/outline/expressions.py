"""Reading expressions: which nodes they make, and what is known of their value.

Operands are read in the order in which Python evaluates them. A command that is only made
(`first = journey.wait_for(…)`) becomes a node where it is awaited.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from studio.design.outline import calls
from studio.design.outline.conditions import Tested, tested
from studio.design.outline.control_flow import FALL, ControlFlow
from studio.design.outline.lookup import Lookup
from studio.design.outline.model import Kind, Node, Outcome, Side, SideKind, SourceSpan
from studio.design.outline.sources import SourceModule, Sources
from studio.design.outline.values import (
    Class,
    Function,
    Instance,
    Logger,
    Method,
    Names,
    Nothing,
    Pending,
    Result,
    Several,
    TheJourney,
    Value,
    event_of,
    merged,
)

MOST_NODES = 3_000
"""Above this helpers stay folded: each call of one is drawn in place, and calls multiply."""

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class Expressions:
    """The state of a reading, and the half of it that is about expressions."""

    def __init__(self, sources: Sources) -> None:
        self.look = Lookup(sources)
        self.module: SourceModule
        self.names: Names = {}
        self.ways = ControlFlow()
        self.cut = False
        self.later: set[str] = set()
        """Variables of this function whose command is awaited, or given to a group, later on."""
        self.returned: list[Value | None] = []
        self.yielded: list[Node] = []
        """What happens while a context manager of the author's own stands at its yield."""
        self._out: list[Node] = []
        self._values: dict[ast.expr, Value | None] = {}
        self._made = 0
        self._places: dict[str, int] = {}
        self._stack: list[_FunctionNode] = []

    # -- nodes -----------------------------------------------------------------------------

    def make(
        self,
        kind: Kind,
        text: str,
        at: ast.AST,
        *,
        line: int | None = None,
        end: int | None = None,
        name: str | None = None,
        details: tuple[tuple[str, str], ...] = (),
        sides: tuple[Side, ...] = (),
        outcome: Outcome = "",
    ) -> Node:
        """Make a node for a piece of the present file."""
        first = getattr(at, "lineno", 1)
        span = SourceSpan(
            self.module.path,
            first,
            end or getattr(at, "end_lineno", None) or first,
            self.module.column(at) if isinstance(at, ast.expr | ast.stmt) else 0,
        )
        place = f"{self.module.file}:{line or first}"
        id = f"{place} {kind}"
        self._places[id] = count = self._places.get(id, 0) + 1
        if count > 1:
            id = f"{id} {count}"
        self._made += 1
        node = Node(id, kind, text, span, place, name, details, sides, outcome)
        ends = FALL not in self.ways.out(node)
        return Node(id, kind, text, span, place, name, details, sides, outcome, ends) if ends else node

    def emit(self, *nodes: Node) -> None:
        """The nodes happen here."""
        self._out.extend(nodes)

    @contextmanager
    def apart(self) -> Iterator[list[Node]]:
        """Collect the nodes of a part; the list is whole at the end."""
        before, self._out = self._out, []
        part = self._out
        try:
            yield part
        finally:
            self._out = before

    def side(
        self,
        kind: SideKind,
        text: str,
        line: int,
        body: Sequence[Node],
        tested: tuple[Tested, bool] | None = None,
        *,
        written: bool = True,
    ) -> Side:
        """Make a side; `tested` is its condition, and whether it holds here."""
        role = (tested[0].true if tested[1] else tested[0].false) if tested else ""
        waits = tuple(sorted(tested[0].waits)) if tested and role else ()
        return Side(kind, text, line, tuple(body), FALL not in self.ways.of(body), role, waits, written)

    @property
    def stopped(self) -> bool:
        """Whether what was read last does not go on."""
        return bool(self._out) and self._out[-1].ends

    # -- values ----------------------------------------------------------------------------

    def value(self, node: ast.expr | None) -> Value | None:
        """Read an expression: its nodes happen here. A command that is not awaited is `Pending`."""
        if node is None:
            return None
        found = self._value(node)
        self._values[node] = found
        return found

    def settled(self, node: ast.expr | None) -> Value | None:
        """Read an expression whose commands, if it makes any, go where the map cannot follow."""
        found = self.value(node)
        if isinstance(found, Pending):
            self.emit(*found.nodes)
        return found

    def tested(self, test: ast.expr) -> Tested:
        """What a condition that was read says of waits."""
        return tested(test, self._values.get)

    def _value(self, node: ast.expr) -> Value | None:
        if isinstance(node, ast.Await):
            return self._awaited(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Attribute):
            return self.look.attribute(self.value(node.value), node.attr)
        if isinstance(node, ast.NamedExpr):
            found = self.settled(node.value)
            self.bind(node.target, found)
            return found
        if isinstance(node, ast.Constant):
            return Nothing() if node.value is None else None
        if isinstance(node, ast.Tuple | ast.List):
            return self._several(node.elts)
        if isinstance(node, ast.Starred):
            return self.value(node.value)
        if isinstance(node, ast.Subscript):
            return self._item(node)
        if isinstance(node, ast.IfExp):
            return self._either(node)
        if isinstance(node, ast.BoolOp):
            return self._one_after_the_other(node)
        if isinstance(node, _Comprehension):
            return self._comprehension(node)
        if isinstance(node, ast.Lambda):
            return None
        if isinstance(node, ast.Yield):
            self.emit(*self.yielded)
            self.yielded = []
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.settled(child)
        return None

    def _name(self, name: str) -> Value | None:
        return self.names[name] if name in self.names else self.look.top_level(self.module, name)

    def _several(self, nodes: Sequence[ast.expr]) -> Value | None:
        parts = [self.value(each) for each in nodes]
        if not any(isinstance(part, Pending) for part in parts):
            return Several(tuple(parts))
        made = [part for part in parts if isinstance(part, Pending)]
        return Pending(tuple(node for part in made for node in part.nodes), None)

    def _item(self, node: ast.Subscript) -> Value | None:
        of = self.value(node.value)
        self.settled(node.slice)
        at = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if isinstance(of, Several) and isinstance(at, int) and 0 <= at < len(of.parts):
            return of.parts[at]
        return None

    # -- awaits and calls ------------------------------------------------------------------

    def _awaited(self, node: ast.Await) -> Value | None:
        before = self._made
        found = self.value(node.value)
        if isinstance(found, Pending):
            self.emit(*found.nodes)
            self._done(node.value, found.gives)
            return found.gives
        if self._made == before and not self._is_read(node.value):
            self.emit(self.make("await", self.module.text(node.value), node))
        return found

    def _done(self, node: ast.expr, gives: Value | None) -> None:
        """A command that has a name was awaited: whoever awaits it again gets the same."""
        bare = node.value if isinstance(node, ast.Starred) else node
        if isinstance(bare, ast.Name):
            self.names[bare.id] = gives

    def _is_read(self, node: ast.expr) -> bool:
        """Whether all that an await does is known, though it made no node."""
        if isinstance(node, ast.Name):
            # A command that was awaited before, or made elsewhere in this function.
            return node.id in self.later
        called = self._values.get(node.func) if isinstance(node, ast.Call) else None
        return isinstance(called, Function) and isinstance(called.node, ast.AsyncFunctionDef)

    def _call(self, node: ast.Call) -> Value | None:
        function = self.value(node.func)
        if isinstance(function, Method):
            return self._command(node, function.name)
        if (said := self._saying(node)) is not None:
            for argument in node.args:
                self.settled(argument)
            self.emit(self._shown(node, said))
            return Nothing()
        arguments: list[Value | None] = []
        for argument in node.args:
            found = self.value(argument)
            spread = isinstance(argument, ast.Starred) and isinstance(found, Several)
            arguments += found.parts if spread and isinstance(found, Several) else [found]
        named = {each.arg: self.value(each.value) for each in node.keywords}
        if isinstance(function, Function):
            return self._inside(node, function, arguments, named)
        if isinstance(function, Class):
            return self.look.instance(function, arguments, named)
        # Whoever takes a command may await it: it is shown where it is handed over.
        for value in [*arguments, *named.values()]:
            if isinstance(value, Pending):
                self.emit(*value.nodes)
        return None

    def _saying(self, node: ast.Call) -> calls.Shown | None:
        """The log line that a call of `print` or of a logger writes."""
        function = node.func
        if isinstance(function, ast.Name):
            hidden = function.id in self.names or function.id in self.module.names
            return calls.said(self.module, node, "info") if function.id == "print" and not hidden else None
        if not isinstance(function, ast.Attribute) or function.attr not in calls.LOGGING:
            return None
        logs = isinstance(self._values.get(function.value), Logger)
        return calls.said(self.module, node, function.attr) if logs else None

    def _shown(self, node: ast.Call, shown: calls.Shown, sides: tuple[Side, ...] = ()) -> Node:
        return self.make(
            shown.kind,
            shown.text,
            node,
            line=calls.line_of(node),
            name=shown.name,
            details=shown.details,
            sides=sides,
        )

    def _command(self, node: ast.Call, method: str) -> Value | None:
        shown = calls.shown(self.module, method, self._with_names(node, method))
        if shown.kind in ("any", "all"):
            return self._group(node, shown)
        for argument in (*node.args, *(each.value for each in node.keywords)):
            # The function of a step is called by the engine, not here.
            self.settled(argument)
        if shown.kind == "split" and (arms := calls.arms(self.module, node)):
            # They stand under it.
            shown = replace(shown, details=tuple(each for each in shown.details if each[0] != "arms"))
            sides = tuple(self.side("arm", text, line, ()) for text, line in arms)
            return Pending((self._shown(node, shown, sides),), None)
        made = self._shown(node, shown)
        if shown.kind not in calls.AWAITED:
            self.emit(made)
            return Nothing() if shown.kind in ("log", "note") else None
        gives: Value | None = None
        if shown.kind == "wait":
            gives = Result(frozenset({made.id}))
        elif shown.kind == "ingest" or (shown.kind == "sleep" and len(node.args) + len(node.keywords) == 1):
            gives = Nothing()
        return Pending((made,), gives)

    def _with_names(self, node: ast.Call, method: str) -> ast.Call:
        """A wait for the type of an event, as one for the event's name."""
        if method not in ("wait_for", "collect"):
            return node
        arguments = [self._event_named(each) for each in node.args[:1]] + node.args[1:]
        keywords = [
            ast.keyword(each.arg, self._event_named(each.value)) if each.arg == "event" else each
            for each in node.keywords
        ]
        return ast.copy_location(ast.Call(node.func, arguments, keywords), node)

    def _event_named(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.List | ast.Tuple):
            parts = [self._event_named(each) for each in node.elts]
            return ast.copy_location(ast.List(parts, ast.Load()), node) if parts != node.elts else node
        if not isinstance(node, ast.Name | ast.Attribute):
            return node
        found = self.value(node)
        name = event_of(found.node) if isinstance(found, Class) else None
        return node if name is None else ast.copy_location(ast.Constant(name), node)

    def _group(self, node: ast.Call, shown: calls.Shown) -> Value:
        members: list[Side] = []
        results: list[Value | None] = []
        # After *several the positions of the others are not known.
        known = next(
            (at for at, each in enumerate(node.args) if isinstance(each, ast.Starred)), len(node.args)
        )
        for argument in node.args:
            found = self.value(argument)
            if isinstance(found, Pending):
                members.append(self.side("member", "", argument.lineno, found.nodes))
                given = found.gives
                results.append(Result(given.waits, True) if isinstance(given, Result) else None)
                self._done(argument, given)
            else:
                text = self.module.text(argument)
                unread = self.make("await", text, argument)
                members.append(self.side("member", text, argument.lineno, (unread,)))
                results.append(None)
        for keyword in node.keywords:
            self.settled(keyword.value)
        return Pending((self._shown(node, shown, tuple(members)),), Several(tuple(results[:known])))

    def _inside(
        self,
        node: ast.Call,
        function: Function,
        arguments: list[Value | None],
        named: dict[str | None, Value | None],
    ) -> Value | None:
        """A helper of the author's own: what it does, in place."""
        parameters = self.look.parameters(function, arguments, named)
        knows = any(isinstance(each, TheJourney | Pending) for each in parameters.values())
        knows = knows or isinstance(function.owner, Instance) or bool(function.around)
        if not knows and not isinstance(function.node, ast.AsyncFunctionDef):
            return None
        text = function.node.name
        if function.node in self._stack:
            self.emit(self.make("call", text, node, details=(("again", "it calls itself"),)))
            return None
        if self._made > MOST_NODES:
            self.cut = True
            self.emit(self.make("call", text, node, details=(("folded", "the map would be too large"),)))
            return None
        body, gives = self.read_function(function, parameters)
        where = f"{function.module.file}:{function.node.lineno}"
        if body:
            sides = (self.side("body", "", function.node.lineno, body),)
            self.emit(self.make("call", text, node, details=(("at", where),), sides=sides))
        return gives

    def read_function(self, function: Function, parameters: Names) -> tuple[list[Node], Value | None]:
        """What a function does, and what is known of what it returns."""
        raise NotImplementedError

    def entered(self, node: _FunctionNode) -> None:
        """A function is read from here on."""
        self._stack.append(node)

    def left(self) -> None:
        """It was read."""
        self._stack.pop()

    # -- expressions with ways of their own --------------------------------------------------

    def _either(self, node: ast.IfExp) -> Value | None:
        self.settled(node.test)
        tested = self.tested(node.test)
        ways: list[tuple[list[Node], Value | None]] = []
        for branch in (node.body, node.orelse):
            with self.apart() as nodes:
                found = self.value(branch)
            ways.append((nodes, found))
        pending = [found for _, found in ways if isinstance(found, Pending)]
        if not any(nodes for nodes, _ in ways) and not pending:
            return _same(ways[0][1], ways[1][1])
        sides = []
        for (nodes, found), (kind, text, holds) in zip(
            ways,
            (("if", f"if {self.module.text(node.test)}", True), ("else", "else", False)),
            strict=True,
        ):
            body = [*nodes, *(found.nodes if isinstance(found, Pending) else ())]
            sides.append(self.side(kind, text, node.test.lineno, body, (tested, holds)))  # type: ignore[arg-type]
        made = self.make("branch", self.module.text(node.test), node.test, sides=tuple(sides))
        if pending:
            gives = [found.gives if isinstance(found, Pending) else None for _, found in ways]
            return Pending((made,), _same(*gives))
        self.emit(made)
        return _same(ways[0][1], ways[1][1])

    def _one_after_the_other(self, node: ast.BoolOp) -> Value | None:
        """`await a or await b`: the second happens only if the first was false."""
        word = "and" if isinstance(node.op, ast.And) else "or"
        values = [self.settled(node.values[0])]
        for at, operand in enumerate(node.values[1:], 1):
            with self.apart() as nodes:
                values.append(self.settled(operand))
            if not nodes:
                continue
            before = node.values[at - 1]
            tested = self.tested(before)
            text = self.module.text(before)
            holds = word == "and"
            condition = f"if {text}" if holds else f"if not {text}"
            sides = (
                self.side("if", condition, operand.lineno, nodes, (tested, holds)),
                self.side("else", "else", operand.lineno, (), (tested, not holds), written=False),
            )
            self.emit(self.make("branch", text, operand, sides=sides))
        results = [value for value in values if isinstance(value, Result)]
        if len(results) != len(values):
            return None
        waits = frozenset[str]().union(*(result.waits for result in results))
        # `a and b` is false as well when the first matched.
        return Result(waits, member=True) if word == "and" else Result(waits)

    def _comprehension(self, node: _Comprehension) -> Value | None:
        self.settled(node.generators[0].iter)
        kept = dict(self.names)
        with self.apart() as nodes:
            for at, generator in enumerate(node.generators):
                if at:
                    self.settled(generator.iter)
                self.bind(generator.target, None)
                for test in generator.ifs:
                    self.settled(test)
            elements = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
            found = [self.value(element) for element in elements]
        self.names = kept
        made = tuple(each for value in found if isinstance(value, Pending) for each in value.nodes)
        if not nodes and not made:
            return None
        sides = (self.side("body", "", node.lineno, (*nodes, *made)),)
        loop = self.make("loop", _generators(self.module, node), node, sides=sides)
        if made:
            return Pending((loop,), None)
        self.emit(loop)
        return None

    # -- names -----------------------------------------------------------------------------

    def bind(self, target: ast.expr, value: Value | None) -> None:
        """A target takes a value; what was known of it before is no more."""
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            parts = value.parts if isinstance(value, Several) else ()
            if any(isinstance(each, ast.Starred) for each in target.elts):
                parts = ()
            for at, each in enumerate(target.elts):
                self.bind(each, parts[at] if at < len(parts) else None)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, None)

    def meet(self, ways: list[Names], before: Names) -> None:
        """Several ways come together; those that went elsewhere do not count."""
        self.names = merged(ways) if ways else dict(before)


def _generators(module: SourceModule, node: _Comprehension) -> str:
    parts = []
    for each in node.generators:
        text = (
            f"{'async ' if each.is_async else ''}for {module.text(each.target)} in {module.text(each.iter)}"
        )
        parts += [text, *(f"if {module.text(test)}" for test in each.ifs)]
    return " ".join(parts)


def _same(a: Value | None, b: Value | None) -> Value | None:
    return merged([{"": a}, {"": b}])[""]

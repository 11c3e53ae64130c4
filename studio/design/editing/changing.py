"""Changing an argument of a call: a timeout, an event, a key of a match."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import libcst as cst
import libcst.matchers as m

from studio.design.editing import checking
from studio.design.editing.edit import Edit, lines_of
from studio.design.editing.fields import FIELDS, REMOVED, check, check_together
from studio.design.editing.literals import written
from studio.design.editing.source import Source
from studio.design.outline.calls import KINDS
from studio.design.outline.labels import title
from studio.design.outline.model import Node
from studio.design.outline.sources import Resolver
from studio.language.journey import Journey

WIDTH = 100
"""Characters that a line has at most, where that is possible."""

# The first of each kind: what a call by a variable's name is taken for.
_METHODS = {kind: name for name, kind in reversed(KINDS.items())}


def change(source: str, node: Node, what: str, value: Any, key: str, resolve: Resolver) -> Edit:
    """See `studio.design.editing.change`."""
    text = Source(source, node.span.file)
    before = checking.read(text, node, resolve)
    if what not in FIELDS.get(node.kind, ()):
        can = ", ".join(FIELDS.get(node.kind, ())) or "nothing"
        raise text.refuse(node, f"{what!r} of a {node.kind} cannot be changed by the map, but {can}", "")
    value = check(node.kind, what, value, text.place(node), key)
    check_together(node, what, value, text.place(node))
    made = CallChange(text, node, what, key).make(value)
    checking.check_change(text, before, made.code, node, what, key, value, resolve)
    told = sentence(node, what, key, made.old, value)
    return Edit(node.span.file, source, text.whole(made.code), told, node.line)


def width(text: str) -> int:
    """Columns of the longest line, a tab being four."""
    return max((len(line.rstrip("\r\n").expandtabs(4)) for line in lines_of(text)), default=0)


def parameters(kind: str, call: cst.Call) -> list[str]:
    """The names that a method's plain arguments have, in order."""
    name = call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
    if kind == "start":
        # `@workflow` takes names alone, and so does a goal but for its event.
        called = name or (call.func.value if isinstance(call.func, cst.Name) else "")
        return [] if called == "workflow" else ["event"]
    method = inspect.signature(getattr(Journey, name if KINDS.get(name) == kind else _METHODS[kind]))  # type: ignore[index]
    plain = [each.name for each in method.parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
    return plain[1:]


@dataclass(frozen=True, slots=True)
class Made:
    """What a change comes to."""

    code: str
    old: Any
    imports: str = ""
    """A name of ours that is still to be imported."""


class CallChange:
    """One change of one call: that of the node, or another that is given."""

    def __init__(self, text: Source, node: Node, what: str, key: str, call: cst.Call | None = None) -> None:
        self.text = text
        self.node = node
        self.what = what
        self.key = key
        self.call = text.call(node) if call is None else call

    def make(self, value: Any) -> Made:
        """The new text, and what was there.

        Raises:
            EditError: it is no plain edit.
        """
        index = self._index()
        if self.what == "match":
            return self._match(index, value)
        found = REMOVED if index is None else self._literal(self.call.args[index].value, self.what)
        old = REMOVED if found is None else found
        self._differ(old, value)
        if index is None:
            return Made(self.with_argument(value), old)
        if value is REMOVED:
            return Made(self.put(self.without_argument(index)), old)
        return Made(self.put(self._with_value(index, self._written(value, self.call.args[index].value))), old)

    def put(self, call: cst.Call) -> str:
        """The text with another call in the place of this."""
        if len(m.findall(call, m.Comment())) < len(m.findall(self.call, m.Comment())):
            raise self.text.refuse(self.node, f"a comment stands in the {self._name()}, and would be lost")
        plain = self._code(call)
        widest = max(WIDTH, width(self.text.text))
        if width(plain) <= widest:
            return plain
        laid_out = [self._code(each) for each in self._layouts(call)]
        return next((each for each in laid_out if width(each) <= widest), laid_out[-1] if laid_out else plain)

    def _code(self, call: cst.Call) -> str:
        module = self.text.module.deep_replace(self.call, call)
        assert isinstance(module, cst.Module)
        return module.code

    def _layouts(self, call: cst.Call) -> Iterator[cst.Call]:
        """A call on one line with its arguments on a line below it; and with a line for each."""
        commas = [each.comma for each in call.args]
        spaces = [each.whitespace_after for each in commas if isinstance(each, cst.Comma)]
        spaces += [call.whitespace_before_args, *(each.whitespace_after_arg for each in call.args)]
        if any(isinstance(each, cst.ParenthesizedWhitespace) for each in spaces):
            # Its author has laid it out.
            return
        margin = self.text.indent(self.text.position(self.call).start.line)
        below = _new_line(margin + self.text.module.default_indent)
        *others, last = (
            each.with_changes(whitespace_after_arg=cst.SimpleWhitespace("")) for each in call.args
        )
        end = last.with_changes(comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=_new_line(margin))
        yield call.with_changes(whitespace_before_args=below, args=[*others, end])
        others = [each.with_changes(comma=cst.Comma(whitespace_after=below)) for each in others]
        end = last.with_changes(comma=cst.Comma(whitespace_after=_new_line(margin)))
        yield call.with_changes(whitespace_before_args=below, args=[*others, end])

    def _differ(self, old: Any, new: Any) -> None:
        if old is REMOVED and new is REMOVED:
            raise self.text.refuse(self.node, f"there is no {self._name()}", "")
        if old is not REMOVED and repr(old) == repr(new):
            raise self.text.refuse(self.node, f"the {self._name()} is {_shown(self.what, old)} already", "")

    def _name(self) -> str:
        return f"match for {self.key!r}" if self.what == "match" else self.what

    # -- values ----------------------------------------------------------------------------

    def _written(self, value: Any, instead_of: cst.BaseExpression | None = None) -> cst.BaseExpression:
        if isinstance(value, cst.BaseExpression):
            return value
        strings = [] if instead_of is None else m.findall(instead_of, m.SimpleString())
        first = strings[0] if strings else None
        quote = first.quote[0] if isinstance(first, cst.SimpleString) else self.text.quote()
        return cst.parse_expression(written(value, quote, self.text.encoding))

    def _literal(self, node: cst.BaseExpression, what: str) -> Any:
        """What a plain value is."""
        try:
            value = ast.literal_eval(f"({self.text.code(node)}\n)")
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise self.text.refuse(node, f"the {what} is {self.computed(node)}") from None
        return list(value) if isinstance(value, tuple) else value

    def computed(self, node: cst.BaseExpression) -> str:
        """What an expression is that is no plain value, in words."""
        code = " ".join(self.text.code(node).split())
        code = code if len(code) <= 60 else f"{code[:59]}…"
        if isinstance(node, cst.FormattedString):
            return f"put together in {code}"
        if isinstance(node, cst.Name):
            for function in self.text.functions(node):
                given = m.findall(function.params, m.Param(name=m.Name(node.value)))
                if given:
                    return f"what {function.name.value}() is given as {code}"
            return f"the variable {code}"
        return f"computed: {code}"

    # -- arguments -------------------------------------------------------------------------

    def _index(self) -> int | None:
        """Which argument of the call it is; None when it is not given."""
        arguments = self.call.args
        if self.what == "text":
            return self._text_index()
        names = parameters(self.node.kind, self.call)
        unknown: cst.Arg | None = None
        for at, each in enumerate(arguments):
            if each.keyword is not None and each.keyword.value == self.what:
                return at
            if each.star == "**" or (each.star == "*" and self.what in names):
                unknown = unknown or each
            elif each.keyword is None and unknown is None and names[at : at + 1] == [self.what]:
                return at
        if unknown is not None:
            raise self.text.refuse(
                unknown, f"the {self.what} may be in {unknown.star}{self.text.code(unknown.value)}"
            )
        return None

    def _text_index(self) -> int:
        arguments = self.call.args
        plain = [at for at, each in enumerate(arguments) if each.keyword is None and each.star != "**"]
        if len(plain) != 1 or arguments[plain[0]].star:
            raise self.text.refuse(self.node, "the text is not one plain text")
        return plain[0]

    def _with_value(self, index: int, value: cst.BaseExpression) -> cst.Call:
        arguments = list(self.call.args)
        arguments[index] = arguments[index].with_changes(value=value)
        return self.call.with_changes(args=arguments)

    def without_argument(self, index: int) -> cst.Call:
        """The call with one argument less."""
        arguments = list(self.call.args)
        gone = arguments[index]
        if gone.keyword is None and any(
            each.keyword is None and each.star != "**" for each in arguments[index + 1 :]
        ):
            # The plain arguments that follow keep their positions.
            return self._with_value(index, cst.Name("None"))
        del arguments[index]
        if index == len(arguments) and arguments:
            arguments[-1] = arguments[-1].with_changes(
                comma=gone.comma, whitespace_after_arg=gone.whitespace_after_arg
            )
        return self.call.with_changes(args=arguments)

    def with_argument(self, value: Any) -> str:
        """The text with one more argument, given by name.

        Args:
            value: a plain value, or an expression.
        """
        new = cst.Arg(
            self._written(value),
            keyword=cst.Name(self.what),
            equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
        )
        arguments = list(self.call.args)
        if not arguments:
            return self.put(self.call.with_changes(args=[new]))
        last = arguments.pop()
        old = last.comma
        closing = old.whitespace_after if isinstance(old, cst.Comma) else last.whitespace_after_arg
        between, closing = self._spaces(_lead(self.call.whitespace_before_args, self.call.args), closing)
        last = last.with_changes(
            comma=cst.Comma(whitespace_after=between), whitespace_after_arg=cst.SimpleWhitespace("")
        )
        if isinstance(old, cst.Comma):
            new = new.with_changes(comma=cst.Comma(whitespace_after=closing))
        else:
            new = new.with_changes(whitespace_after_arg=closing)
        return self.put(self.call.with_changes(args=[*arguments, last, new]))

    # -- the keys of a match ---------------------------------------------------------------

    def _match(self, index: int | None, value: Any) -> Made:
        given = None if index is None else self.call.args[index].value
        if index is None or given is None or m.matches(given, m.Name("None")):
            self._differ(REMOVED, value)
            whole = {self.key: value}
            if index is None:
                return Made(self.with_argument(whole), REMOVED)
            return Made(self.put(self._with_value(index, self._written(whole))), REMOVED)
        if not isinstance(given, cst.Dict):
            raise self.text.refuse(given, f"the match is {self.computed(given)}")
        elements = list(given.elements)
        found = [at for at, each in enumerate(elements) if self._is_key(each)]
        if len(found) > 1:
            raise self.text.refuse(given, f"the match has {self.key!r} twice")
        if not found:
            self._differ(REMOVED, value)
            return Made(self._with_key(index, given, value), REMOVED)
        element = elements[found[0]]
        assert isinstance(element, cst.DictElement)
        old = self._literal(element.value, self._name())
        self._differ(old, value)
        if value is REMOVED:
            return Made(self._without_key(index, given, found[0]), old)
        elements[found[0]] = element.with_changes(value=self._written(value, element.value))
        return Made(self.put(self._with_value(index, given.with_changes(elements=elements))), old)

    def _is_key(self, element: cst.BaseDictElement) -> bool:
        if not isinstance(element, cst.DictElement):
            return False
        try:
            return bool(ast.literal_eval(f"({self.text.code(element.key)}\n)") == self.key)
        except (ValueError, SyntaxError):
            # A computed key may be any; at worst the plain one that is added wins over it.
            return False

    def _with_key(self, index: int, given: cst.Dict, value: Any) -> str:
        quotes = next((each for each in given.elements if isinstance(each, cst.DictElement)), None)
        key = self._written(self.key, None if quotes is None else quotes.key)
        new = cst.DictElement(key, self._written(value, None if quotes is None else quotes.key))
        elements = list(given.elements)
        if not elements:
            return self.put(self._with_value(index, given.with_changes(elements=[new])))
        last = elements.pop()
        # A comma at the end has no white space behind it: all up to the bracket is the bracket's.
        between, closing = self._spaces(
            _lead(given.lbrace.whitespace_after, given.elements), given.rbrace.whitespace_before
        )
        if isinstance(last.comma, cst.Comma):
            new = new.with_changes(comma=cst.Comma())
        last = last.with_changes(comma=cst.Comma(whitespace_after=between))
        brace = given.rbrace.with_changes(whitespace_before=closing)
        changed = given.with_changes(elements=[*elements, last, new], rbrace=brace)
        return self.put(self._with_value(index, changed))

    def _without_key(self, index: int, given: cst.Dict, at: int) -> str:
        elements = list(given.elements)
        gone = elements.pop(at)
        if not elements:
            return self.put(self.without_argument(index))
        if at == len(elements):
            elements[-1] = elements[-1].with_changes(comma=gone.comma)
        return self.put(self._with_value(index, given.with_changes(elements=elements)))

    # -- white space -----------------------------------------------------------------------

    def _spaces(
        self, lead: cst.BaseParenthesizableWhitespace, closing: cst.BaseParenthesizableWhitespace
    ) -> tuple[cst.BaseParenthesizableWhitespace, cst.BaseParenthesizableWhitespace]:
        """What comes between the last part and a new one, and between that and the bracket.

        Args:
            lead: what comes before the last part: the new one does alike.
            closing: what comes after it. A comment there stays beside the part that it is about.
        """
        first = cst.TrailingWhitespace()
        comment = isinstance(closing, cst.ParenthesizedWhitespace) and closing.first_line.comment is not None
        if isinstance(lead, cst.ParenthesizedWhitespace):
            first = cst.TrailingWhitespace(newline=lead.first_line.newline)
        if isinstance(closing, cst.ParenthesizedWhitespace) and comment:
            first = closing.first_line
            closing = closing.with_changes(first_line=cst.TrailingWhitespace(newline=first.newline))
        if isinstance(lead, cst.ParenthesizedWhitespace):
            return (
                cst.ParenthesizedWhitespace(first, indent=lead.indent, last_line=lead.last_line),
                closing,
            )
        if not comment:
            return cst.SimpleWhitespace(" "), closing
        margin = self.text.indent(self.text.position(self.call).start.line)
        return _new_line(margin + self.text.module.default_indent, first), closing


def _new_line(margin: str, first: cst.TrailingWhitespace | None = None) -> cst.ParenthesizedWhitespace:
    return cst.ParenthesizedWhitespace(
        first or cst.TrailingWhitespace(), last_line=cst.SimpleWhitespace(margin)
    )


def _lead(
    opening: cst.BaseParenthesizableWhitespace, parts: Sequence[cst.Arg | cst.BaseDictElement]
) -> cst.BaseParenthesizableWhitespace:
    """The white space before the last part."""
    if len(parts) < 2:
        return opening
    comma = parts[-2].comma
    return comma.whitespace_after if isinstance(comma, cst.Comma) else cst.SimpleWhitespace("")


def _shown(what: str, value: Any) -> str:
    if value is REMOVED:
        return "none"
    if isinstance(value, list):
        text = ", ".join(map(str, value))
    elif isinstance(value, dict) and what == "arms":
        text = ", ".join(f"{arm} {share:g}" for arm, share in value.items())
    else:
        text = written(value) if what in ("text", "match") else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def sentence(node: Node, what: str, key: str, old: Any, new: Any) -> str:
    """What a change does, in words."""
    told = f"{_shown(what, old)} -> {_shown(what, new)}"
    if what in ("event", "duration", "name", "text", "time", "arms") or node.kind == "start":
        return f"{what} of {'the workflow' if node.kind == 'start' else node.kind} {told}"
    return f"{what}{f' {key}' if key else ''} of {title(node)} {told}"

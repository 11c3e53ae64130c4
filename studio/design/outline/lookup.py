"""What a name or an attribute of the author's stands for: functions, classes, modules, objects.

Only what is written is looked at: definitions, imports, and the attributes that an `__init__`
sets to what it was given.
"""

from __future__ import annotations

import ast

from studio.design.outline import calls
from studio.design.outline.sources import SourceModule, Sources
from studio.design.outline.values import (
    Class,
    Function,
    Instance,
    Logger,
    Method,
    Names,
    Several,
    TheJourney,
    Value,
)

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Lookup:
    """Answers from the files of one map."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._asked: set[tuple[str, str]] = set()

    def top_level(self, module: SourceModule, name: str) -> Value | None:
        """What a name stands for in a module; modules may import it from each other in a circle."""
        question = (module.path, name)
        if question in self._asked:
            return None
        self._asked.add(question)
        try:
            return self._defined(module, name, module.names.get(name))
        finally:
            self._asked.remove(question)

    def _defined(self, module: SourceModule, name: str, made: ast.stmt | None) -> Value | None:
        """What a statement makes of a name."""
        if isinstance(made, _FunctionNode):
            return Function(module, made)
        if isinstance(made, ast.ClassDef):
            return Class(module, made)
        if isinstance(made, ast.Import | ast.ImportFrom):
            return self.imported(module, made, name)
        value = made.value if isinstance(made, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Call) and ast.unparse(value.func) in ("logging.getLogger", "getLogger"):
            return Logger()
        return None

    def imported(self, module: SourceModule, made: ast.Import | ast.ImportFrom, name: str) -> Value | None:
        """What an import makes of a name."""
        for alias in made.names:
            if (alias.asname or alias.name.partition(".")[0]) != name:
                continue
            if isinstance(made, ast.Import):
                if alias.name == "logging":
                    return Logger()
                whole = alias.name if alias.asname else name
                return self._sources.find(module.path, whole, 0)
            source = self._sources.find(module.path, made.module or "", made.level)
            if source is not None and alias.name in source.names:
                return self.top_level(source, alias.name)
            inner = f"{made.module}.{alias.name}" if made.module else alias.name
            return self._sources.find(module.path, inner, made.level)
        return None

    def attribute(self, of: Value | None, name: str) -> Value | None:
        """What an attribute of a known value stands for."""
        if isinstance(of, TheJourney):
            return Method(name) if name in calls.KINDS else None
        if isinstance(of, SourceModule):
            return self.top_level(of, name)
        if isinstance(of, Instance):
            return of.attributes[name] if name in of.attributes else self.method(of, of.of, name)
        if isinstance(of, Class):
            made = next((each for each in of.node.body if getattr(each, "name", None) == name), None)
            return Function(of.module, made) if isinstance(made, _FunctionNode) else None
        return None

    def method(self, of: Instance, owner: Class, name: str, depth: int = 8) -> Value | None:
        """A method of an object, from its class or one above it."""
        for made in owner.node.body:
            if isinstance(made, _FunctionNode) and made.name == name:
                static = any(ast.unparse(each) == "staticmethod" for each in made.decorator_list)
                return Function(owner.module, made, owner=None if static else of)
        for base in owner.node.bases if depth else ():
            above = self.top_level(owner.module, base.id) if isinstance(base, ast.Name) else None
            if isinstance(above, Class) and (found := self.method(of, above, name, depth - 1)):
                return found
        return None

    def parameters(
        self, function: Function, arguments: list[Value | None], named: dict[str | None, Value | None]
    ) -> Names:
        """A function's parameters with what they are given."""
        given = function.node.args
        parameters = [each.arg for each in (*given.posonlyargs, *given.args)]
        if function.owner is not None:
            arguments = [function.owner, *arguments]
        bound: Names = {each.arg: None for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
        if given.vararg is not None:
            bound[given.vararg.arg] = Several(tuple(arguments[len(parameters) :]))
        if given.kwarg is not None:
            bound[given.kwarg.arg] = None
        bound |= dict(zip(parameters, arguments, strict=False))
        bound |= {name: value for name, value in named.items() if name is not None and name in bound}
        for each in (*given.posonlyargs, *given.args, *given.kwonlyargs):
            if bound[each.arg] is None and each.annotation is not None and _is_journey(each.annotation):
                bound[each.arg] = TheJourney()
        return bound

    def instance(
        self, of: Class, arguments: list[Value | None], named: dict[str | None, Value | None]
    ) -> Value:
        """An object: the attributes that its __init__ sets to what it was given, or a dataclass's fields."""
        made = Instance(of, {})
        start = self.method(made, of, "__init__")
        if isinstance(start, Function):
            bound = self.parameters(start, arguments, named)
            for each in ast.walk(start.node):
                if isinstance(each, ast.Assign) and isinstance(each.value, ast.Name):
                    for target in each.targets:
                        if isinstance(target, ast.Attribute) and each.value.id in bound:
                            made.attributes[target.attr] = bound[each.value.id]
            return made
        fields = [
            each.target.id
            for each in of.node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        ]
        made.attributes.update(zip(fields, arguments, strict=False))
        made.attributes.update({name: value for name, value in named.items() if name in fields and name})
        return made


def _is_journey(annotation: ast.expr) -> bool:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value.rpartition(".")[2] == "Journey"
    if isinstance(annotation, ast.Attribute):
        return annotation.attr == "Journey"
    return isinstance(annotation, ast.Name) and annotation.id == "Journey"

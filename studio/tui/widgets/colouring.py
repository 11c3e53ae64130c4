"""Python source as lines of coloured pieces, in the tones of the theme."""

from __future__ import annotations

from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]
from pygments.token import Token  # type: ignore[import-untyped]

from studio.tui.format.pieces import Pieces

_TONES = {
    Token.Keyword: "accent",
    Token.Keyword.Constant: "warning",
    Token.Operator.Word: "accent",
    Token.Name.Function: "primary",
    Token.Name.Function.Magic: "primary",
    Token.Name.Class: "primary",
    Token.Name.Decorator: "secondary",
    Token.Literal.String: "success",
    Token.Literal.String.Affix: "accent",
    Token.Literal.String.Interpol: "warning",
    Token.Literal.Number: "warning",
    Token.Comment: "muted",
}


def coloured(text: str) -> list[Pieces]:
    """The lines with their pieces, each with the name of its style in `Look`."""
    lines: list[list[tuple[str, str]]] = [[]]
    for kind, part in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
        tone = _tone(kind)
        for at, piece in enumerate(part.split("\n")):
            if at:
                lines.append([])
            if piece:
                lines[-1].append((piece, tone))
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return [tuple(line) for line in lines]


def _tone(kind: object) -> str:
    while kind is not None:
        if kind in _TONES:
            return _TONES[kind]
        kind = getattr(kind, "parent", None)
    return "text"

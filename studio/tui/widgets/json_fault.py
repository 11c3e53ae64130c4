"""What is wrong with typed JSON, and at which character. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from studio.text import json_text as jsontext

_CONSTANT = re.compile(r'"(?:\\.|[^"\\])*"|(-?Infinity|NaN)')
_KINDS = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}


class JsonFault(ValueError):
    """Typed data that is no event data: the reason, and the place in the text."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.why = why
        self.at = at


def read_data(text: str) -> dict[str, Any]:
    """Read an event's data as typed. Nothing typed is no data.

    Raises:
        JsonFault: it is not JSON, or no object, or cannot be stored.
    """
    if not text.strip():
        return {}
    try:
        value = json.loads(text, parse_constant=_refuse, object_pairs_hook=jsontext.unique)
    except json.JSONDecodeError as error:
        raise JsonFault(_plain(error.msg, text, error.pos), error.pos) from None
    except _Constant as constant:
        found = next((each for each in _CONSTANT.finditer(text) if each[1] == str(constant)), None)
        raise JsonFault(f"{constant} is not JSON", found.start() if found else 0) from None
    except jsontext.KeyTwice as error:
        raise JsonFault(str(error), 0) from None
    except (RecursionError, ValueError):
        raise JsonFault(
            f"nested or long beyond what is kept (at most {jsontext.MAX_DEPTH} levels)", 0
        ) from None
    start = len(text) - len(text.lstrip())
    if not isinstance(value, dict):
        kind = "null" if value is None else _KINDS.get(type(value), type(value).__name__)
        raise JsonFault(f'data is {kind} and must be an object: {{"field": "value"}}', start)
    try:
        jsontext.dumps(value)
    except jsontext.NotJson as error:
        raise JsonFault(str(error), start) from None
    return value


class _Constant(Exception):
    pass


def _refuse(name: str) -> Any:
    raise _Constant(name)


def _plain(message: str, text: str, at: int) -> str:
    rest = text[at : at + 1]
    if not rest and message.startswith(("Expecting", "Unterminated")):
        return "it ends too early" if message.startswith("Expecting") else 'a " is not closed'
    match message:
        case "Expecting property name enclosed in double quotes":
            return 'a field name in " is expected here'
        case "Expecting ',' delimiter":
            return "a comma or the end is expected here"
        case "Expecting ':' delimiter":
            return "a colon is expected here"
        case "Expecting value":
            return 'a value is expected here: "text", a number, true, false, null, [ or {'
        case "Extra data":
            return "there is more behind the end"
        case _ if message.startswith("Unterminated"):
            return 'a " is not closed'
        case "Illegal trailing comma before end of object" | "Illegal trailing comma before end of array":
            return "this comma has nothing behind it"
        case _:
            return message[:1].lower() + message[1:]

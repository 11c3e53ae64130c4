"""What is said in a log, as text, whatever it is made of.

To say something never fails: a line that tells of trouble may not be trouble itself.
"""

from __future__ import annotations


def spoken(*values: object, sep: str = " ") -> str:
    """Values as `print` puts them; one whose text cannot be made says so."""
    return sep.join(map(_text, values))


def _text(value: object) -> str:
    if type(value) is str:
        return value
    try:
        return str(value)
    except Exception as error:
        return f"<{type(value).__name__}, whose text cannot be made: {type(error).__name__}>"

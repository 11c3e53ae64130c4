"""What a part of several kinds of widget is based on: a widget to who reads types, nothing when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.widget import Widget as WidgetPart
else:
    # Textual takes the styles of the first base that is a widget: a part that were one would hide the others.
    WidgetPart = object

__all__ = ["WidgetPart"]

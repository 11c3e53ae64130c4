"""The funnel as a picture and as a page for a colleague: without script or font from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from studio.reports import words
from studio.reports.flows import flows
from studio.reports.funnel import Funnel, is_counted
from studio.reports.reading import FunnelReader
from studio.reports.sankey import sankey
from studio.text.printable import clean

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1200px; padding: 0 1rem; }
body { color: #1d2533; }
table { border-collapse: collapse; margin: 1rem 0; } td, th { padding: .2rem .8rem; text-align: right; }
td:nth-child(2), th:nth-child(2), td:nth-child(6) { text-align: left; }
tr { border-bottom: 1px solid #dde2ea; }
figure svg { max-width: 100%; height: auto; }
pre { font: inherit; white-space: pre-wrap; } figure { margin: 1rem 0; overflow-x: auto; }
@media (prefers-color-scheme: dark) {
  body { background: #12161f; color: #d8deea; } tr { border-color: #2a3242; }
  svg text { fill: #d8deea; } }
"""


class Pictures:
    """What is drawn of a funnel.

    Args:
        since_ms: the beginning of the cohort, as the funnel was counted.
    """

    def __init__(self, reader: FunnelReader, whole: Funnel, since_ms: int | None) -> None:
        self._whole = whole
        fold = reader.fold
        cohort = [each for each in fold.journeys.values() if is_counted(each, reader.testers, since_ms)]
        members = {node.number for node in fold.nodes if fold.group_of(node) is not None}
        self._flows = flows(cohort, members)
        labels = {node.key: words.label(node) for node in whole.nodes}
        self._labels = {node.number: labels[node.key] for node in fold.nodes}

    def svg(self) -> str:
        """The ways as a Sankey diagram."""
        return sankey(self._flows, self._labels, words.heading(self._whole))

    def html(self, groups: Sequence[Funnel] = ()) -> str:
        """The same with its numbers as text beside it."""
        title = escape(clean(words.heading(self._whole)))
        parts = [
            "<!doctype html>",
            f'<html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>',
            f"<h1>{title}</h1><figure>{self.svg()}</figure>",
        ]
        for each in (self._whole, *groups):
            if each is not self._whole:
                parts.append(f"<h2>{escape(clean(words.heading(each)))}</h2>")
            parts += _table(each)
            parts.append(f"<pre>{escape(chr(10).join(map(clean, words.lines(each))))}</pre>")
        return "\n".join([*parts, "</html>"])


def _table(funnel: Funnel) -> Iterable[str]:
    yield "<table><tr>" + "".join(f"<th>{escape(head.capitalize())}</th>" for head in words.HEADS) + "</tr>"
    for node in funnel.nodes:
        yield "<tr>" + "".join(f"<td>{escape(clean(cell))}</td>" for cell in words.cells(node)) + "</tr>"
    yield "</table>"

"""The map as rows of text: a vertical flow in box-drawing characters, as wide as it is asked to be.

    ◷ app/account.created  backoff  email  :26
    ├─────────────┐
    │ ◉ matched   ┃ timed out
    │             │ › "waited {backoff} for …"  :28
    │             ╰ ↻ next pass  :31
    │
    ✓ completed {"ok": True}  :54

Matched goes on down the left, timed out hangs on the right; a side that does not come back
closes with ╰, one that does with ╯. A round of a loop goes up again at its left. With counts
two columns of numbers stand at the right and never move: what is left of them gives way.

Rows are values, so that the command line and a pane of the screen draw the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from studio.clocks import durations
from studio.design.outline.flow import condition
from studio.design.outline.labels import arm_of, hidden, remarks, times_drawn, title
from studio.design.outline.map_glyphs import SIGNS, MapGlyphs, sign
from studio.design.outline.model import Node, Outline, Role, Side
from studio.design.outline.tally import NodeTally
from studio.text.printable import cells, clean, cut, pad

Segment = tuple[str, str]
"""Text and the name of its tone: "text", "strong", "muted", "faint", "primary", "success" …"""

NOW_CELLS, EVER_CELLS = 9, 9
"""The columns of numbers."""
LEAST_CELLS = 24
"""What is left for text when the flow is nested deeply; beyond that it is folded."""
MOST_GO = 50
"""Per cent from which on the way to a side is drawn heavy."""
BESIDE_CELLS = 44
"""Room in which the two sides of a wait stand beside each other; in less, below."""
LINE = "faint"
UNTESTED = "untested"
TOLD_UNTESTED = f"  {UNTESTED}"
"""What stands in the row of a side that no test went to."""
STRONG = ("wait", "any", "all", "sleep", "until", "step", "message", "split")
"""What a journey stands at."""


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """One row of the map."""

    node: str
    """The node that it belongs to; "" between nodes."""
    line: int
    """The line of the source; 0 when it has none."""
    segments: tuple[Segment, ...]
    numbers: int = 0
    """How many of the segments, the last ones, are numbers in their columns."""

    @property
    def text(self) -> str:
        """The row without its tones."""
        return "".join(text for text, _ in self.segments).rstrip()


@dataclass(frozen=True, slots=True)
class Untested:
    """Where tests have not been on a map."""

    nodes: frozenset[str]
    """Ids of the nodes that no test came to; group members are as their group."""
    ways: frozenset[tuple[str, str]]
    """Ways that no test went from a node that tests came to: the node, and the edge's condition."""

    def ways_from(self, node: Node) -> list[str]:
        """The conditions of those of a node."""
        return sorted(label for id, label in self.ways if id == node.id)


def draw(
    outline: Outline,
    width: int,
    counts: Mapping[str, NodeTally] | None = None,
    folded: Collection[str] = frozenset(),
    signs: MapGlyphs = SIGNS,
    untested: Untested | None = None,
) -> list[DrawnRow]:
    """Draw a map.

    Args:
        width: cells of a row.
        counts: by node id; None draws no numbers.
        folded: ids of nodes whose sides are not drawn.
        untested: is marked; None when it is not known.
    """
    drawing = _Drawing(outline, width, counts, folded, signs, untested)
    if counts is not None:
        drawing.head()
    drawing.block(outline.nodes, "", apart=True)
    return drawing.rows


class _Drawing:
    def __init__(
        self,
        outline: Outline,
        width: int,
        counts: Mapping[str, NodeTally] | None,
        folded: Collection[str],
        signs: MapGlyphs,
        untested: Untested | None,
    ) -> None:
        self.rows: list[DrawnRow] = []
        self._outline = outline
        self._counts = counts
        self._room = width if counts is None else max(width - NOW_CELLS - EVER_CELLS, LEAST_CELLS)
        self._folded = folded
        self._signs = signs
        self._times = times_drawn(outline)
        self._untested = untested

    # -- rows ------------------------------------------------------------------------------

    def head(self) -> None:
        """What the numbers are."""
        text = " " * self._room
        self.rows.append(
            DrawnRow(
                "",
                0,
                ((text, LINE), ("now".rjust(NOW_CELLS), "muted"), ("ever".rjust(EVER_CELLS), "muted")),
                2,
            )
        )

    def row(
        self,
        node: Node | None,
        line: int,
        lead: str,
        pieces: list[Segment],
        now: str = "",
        ever: str = "",
    ) -> None:
        """Add a row; of `pieces` the last is kept, and those before it give way from the right.

        Text goes on into the columns of numbers where the row has none.
        """
        room, numbers = self._room, list[Segment]()
        if self._counts is not None:
            tone = sign(node, self._signs)[1] if node is not None else "muted"
            numbers = [(now.rjust(NOW_CELLS), tone)] if now else []
            numbers += [(ever.rjust(EVER_CELLS), "text")] if now or ever else []
            room += NOW_CELLS + EVER_CELLS - sum(cells(text) for text, _ in numbers)
        segments = [(lead, LINE), *_fitted(pieces, room - cells(lead))]
        if numbers:
            segments.append((" " * (room - sum(cells(text) for text, _ in segments)), LINE))
        shown = [each for each in segments if each[0]]
        self.rows.append(DrawnRow(node.id if node else "", line, (*shown, *numbers), len(numbers)))

    def gap(self, prefix: str) -> None:
        """A row between two nodes."""
        self.row(None, 0, f"{prefix}│", [])

    def leaf(self, node: Node, lead: str, *, member: bool = False) -> None:
        """The row that names a node; a member of a group ends with the group at the latest."""
        mark, tone = sign(node, self._signs)
        now, ever = self._numbers(node)
        strong = "strong" if node.kind in STRONG else "text"
        if self._untested is not None and node.id in self._untested.nodes:
            strong = tone = "muted"
        pieces = [(f"{mark} ", tone), (clean(title(node)), strong)]
        pieces += self._not_gone(node)
        pieces += [(f"  {clean(remark)}", "muted") for remark in self._remarks(node, member)]
        self.row(node, node.line, lead, [*pieces, (f"  {self._where(node)}", "muted")], now, ever)

    def _remarks(self, node: Node, member: bool) -> list[str]:
        found = [text for text in remarks(node) if text]
        tally = self._counts.get(node.id) if member and self._counts else None
        if tally is not None and tally.left:
            found.insert(0, f"{self._signs.matched} {tally.percent(tally.matched)}%")
        endless = node.kind == "wait" and not member and node.detail("timeout") is None
        return [self._signs.no_limit, *found] if endless and node.detail("") is None else found

    def _not_gone(self, node: Node, side: Side | None = None, drawn: Collection[str] = ()) -> list[Segment]:
        """What is said of ways that no test went.

        Args:
            side: to this one; else all ways from the node.
            drawn: conditions of the sides that are told in rows of their own.
        """
        if self._untested is None:
            return []
        ways = self._untested.ways_from(node)
        found = []
        if side is not None and condition(side) in ways:
            found.append(UNTESTED)
        if side is None or drawn:
            rest = [clean(label) or "the way on" for label in ways if label not in drawn]
            found += [f"{UNTESTED}: {', '.join(rest)}"] if rest else []
        return [(f"  {text}", "error") for text in found]

    def _share(self, wait: Node, lead: str) -> None:
        """Of a wait whose result decides nothing right here: how many matched, and how fast."""
        tally = self._counts.get(wait.id) if self._counts else None
        if tally is not None and tally.left:
            told = [*self._count_cells("matched", tally), ("  matched", "muted"), ("", LINE)]
            self.row(wait, wait.line, lead, told)

    def _where(self, node: Node) -> str:
        file, _, line = node.place.rpartition(":")
        own = self._outline.nodes[0].place.rpartition(":")[0]
        times = self._times[(node.place, node.id.split(" ")[1])]
        again = f" ×{times}" if self._counts is not None and times > 1 and node.id in self._counts else ""
        return (f":{line}" if file == own else f"{file}:{line}") + again

    def _numbers(self, node: Node) -> tuple[str, str]:
        tally = self._counts.get(node.id) if self._counts else None
        if tally is None:
            return "", ""
        now = f"{sign(node, self._signs)[0]} {_short(tally.now, NOW_CELLS - 3)}" if tally.now else ""
        return now, _short(tally.ever, EVER_CELLS - 1)

    # -- the flow --------------------------------------------------------------------------

    def block(
        self,
        nodes: tuple[Node, ...],
        prefix: str,
        *,
        hung: bool = False,
        closed: bool = False,
        apart: bool = False,
    ) -> None:
        """Draw nodes that follow each other.

        Args:
            hung: they hang on a line at their left; else each stands on the line itself.
            closed: the line ends with the last of them.
            apart: rows between them.
        """
        if self._room - cells(prefix) < LEAST_CELLS and nodes:
            count = hidden((Side("body", "", 0, nodes, False),))
            self.row(nodes[0], nodes[0].line, prefix, [(f"{self._signs.folded} {count} more", "muted")])
            return
        at = 0
        while at < len(nodes):
            node = nodes[at]
            partner = nodes[at + 1] if at + 1 < len(nodes) else None
            joined = partner is not None and _belongs(partner, node)
            last = at + (2 if joined else 1) >= len(nodes)
            if apart and at and (_is_large(node) or joined or _is_large(nodes[at - 1])):
                self.gap(prefix)
            lead = ("│ " if not (last and closed) or _has_sides(node) or joined else "╰ ") if hung else ""
            if joined and partner is not None:
                self.leaf(node, prefix + lead)
                self._members(node, prefix, hung)
                self._answer(node, partner, prefix, closed=closed and last)
                at += 2
                continue
            self._node(node, prefix, lead, hung=hung, closed=closed and last)
            if node.kind in ("wait", "any", "all"):
                self._share(node, f"{prefix}│ ")
            at += 1

    def _node(self, node: Node, prefix: str, lead: str, *, hung: bool, closed: bool) -> None:
        if node.kind == "branch":
            self._branch(node, prefix, closed=closed)
        elif node.kind == "loop":
            self._loop(node, prefix, closed=closed)
        elif node.kind == "try":
            self._try(node, prefix, closed=closed)
        elif node.kind in ("with", "call") and node.sides:
            self._frame(node, prefix, node.sides[0].body)
        else:
            self.leaf(node, prefix + lead)
            self._members(node, prefix, hung)

    def _members(self, node: Node, prefix: str, hung: bool) -> None:
        """What a group waits for, and what a split divides people into."""
        if node.kind == "split":
            _, tone = sign(node, self._signs)
            arms = self._arms(node)
            for side in node.sides:
                lead = f"{prefix}{'│ ' if hung else ''}├╴"
                pieces = [(f"{self._signs.looked} ", tone), (clean(side.text), "text")]
                self.row(node, side.line, lead, pieces, "", arms.pop(arm_of(side.text), ""))
            for gone, drawn in arms.items():
                # The source says it in other words, or no longer.
                words = f"drawn into {clean(gone)}"
                self.row(node, node.line, f"{prefix}{'│ ' if hung else ''}├╴", [(words, "muted")], "", drawn)
            return
        if node.kind not in ("any", "all") or self._fold(node, prefix):
            return
        inner = prefix + ("│ " if hung else "")
        for side in node.sides:
            for member in side.body:
                if member.sides:
                    self._node(member, f"{inner}│ ", "", hung=False, closed=False)
                else:
                    self.leaf(member, f"{inner}├╴", member=True)

    def _arms(self, node: Node) -> dict[str, str]:
        """How many were drawn into each arm of a split, as it is shown; empty without counts."""
        tally = self._counts.get(node.id) if self._counts else None
        if tally is None:
            return {}
        return {arm: _short(n, EVER_CELLS - 1) for arm, n in tally.arms.items()}

    def _fold(self, node: Node, prefix: str) -> bool:
        """Draw how much is folded, if the node is."""
        if node.id not in self._folded:
            return False
        self.row(node, node.line, f"{prefix}│ ", [self._folded_text(node.sides)])
        return True

    def _folded_text(self, sides: tuple[Side, ...]) -> Segment:
        return f"{self._signs.folded} {hidden(sides)} folded", "muted"

    # -- a wait and what its result decides --------------------------------------------------

    def _answer(self, wait: Node, branch: Node, prefix: str, *, closed: bool) -> None:
        """The two sides of a wait, beside each other where there is room and one of them ends."""
        matched = next(side for side in branch.sides if side.role == "matched")
        late = next(side for side in branch.sides if side.role == "timed out")
        hangs, stays = (late, matched)
        if not late.body or (matched.body and matched.ends and not late.ends):
            hangs, stays = (matched, late)
        both = bool(matched.body) and bool(late.body)
        if (both and not hangs.ends) or self._room - cells(prefix) < BESIDE_CELLS:
            self._branch(branch, prefix, closed=closed)
            return
        tally = self._counts.get(wait.id) if self._counts else None
        left = self._count_cells(stays.role, tally) + self._not_gone(branch, stays)
        right = self._count_cells(hangs.role, tally) + self._not_gone(branch, hangs)
        column = max(cells("".join(text for text, _ in left)) + 4, 14)
        start, line, corner = _edge(tally, hangs.role)
        self.row(None, 0, f"{prefix}{start}{line * (column - 1)}{corner}", [])
        each = (EVER_CELLS - 1) // 2
        shown = f"{_short(tally.matched, each)}·{_short(tally.timed_out, each)}" if tally else ""
        folded = branch.id in self._folded
        more = [("  ", LINE), self._folded_text((hangs,))] if folded else []
        gap = " " * (column - 2 - cells("".join(text for text, _ in left)))
        pieces = [*left, (gap, LINE), *right, *more, ("", LINE)]
        self.row(branch, branch.line, f"{prefix}│ ", pieces, "", shown)
        inner = f"{prefix}│{' ' * (column - 1)}"
        if not folded:
            self.block(hangs.body, inner, hung=True, closed=hangs.ends)
            if not hangs.ends:
                self.row(None, 0, f"{prefix}├{'─' * (column - 1)}╯", [])
        if stays.body and not folded:
            self.block(stays.body, prefix, hung=True, closed=closed and stays.ends)
        elif stays.body:
            self.row(branch, branch.line, f"{prefix}│ ", [self._folded_text((stays,))])

    def _count_cells(self, role: Role, tally: NodeTally | None) -> list[Segment]:
        signs = self._signs
        if role == "matched":
            if tally is None or not tally.left:
                return [(f"{signs.matched} ", "success"), ("matched", "text")]
            speed = "" if tally.median_ms is None else f"  {durations.show(_rounded(tally.median_ms))}"
            share = f"{tally.percent(tally.matched)}%"
            return [(f"{signs.matched} ", "success"), (share + speed, "text")]
        share = f"{tally.percent(tally.timed_out)}%  " if tally is not None and tally.left else ""
        return [(f"{signs.timeout} ", "muted"), (f"{share}timed out", "text")]

    # -- branches, loops, frames ---------------------------------------------------------------

    def _branch(self, node: Node, prefix: str, *, closed: bool) -> None:
        if node.text.startswith("match "):
            self.leaf(node, f"{prefix}├╴")
        if node.id in self._folded:
            text = f"{self._signs.branch} {clean(node.sides[0].text)}"
            where = (f"  {self._where(node)}", "muted")
            pieces = [(text, "text"), ("  ", LINE), self._folded_text(node.sides), where]
            self.row(node, node.line, f"{prefix}├─", pieces)
            return
        shown = [side for side in node.sides if side.body or (side.written and side.kind == "case")]
        told = [condition(side) for side in shown]
        for at, side in enumerate(shown):
            whole = all(each in shown for each in node.sides)
            # What has no row of its own is told in the first.
            rest = told if at == 0 else ()
            self._hanging(node, side, prefix, last=closed and whole and at == len(shown) - 1, told=rest)

    def _hanging(
        self, node: Node, side: Side, prefix: str, *, last: bool = False, told: Collection[str] = ()
    ) -> None:
        """A side that leaves the line and hangs below it."""
        mark, tone = self._side_sign(side)
        tally = self._counts.get(side.waits[0]) if self._counts and len(side.waits) == 1 else None
        share = _percent(tally, side.role)
        role = [(f"  {side.role}{'' if share is None else f' {share}%'}", "muted")] if side.role else []
        start, way, _ = _edge(tally, side.role, "╰" if last else "├")
        where = (f"  {self._line_of(node, side)}", "muted")
        missed = self._not_gone(node, side, told)
        pieces = [(f"{mark} ", tone), (clean(side.text), "text"), *missed, *role, where]
        self.row(node, side.line, f"{prefix}{start}{way}", pieces)
        inner = f"{prefix}{' ' if last else '│'} "
        self.block(side.body, inner, hung=True, closed=side.ends)
        if not side.ends and side.body:
            self.row(None, 0, f"{prefix}├─╯", [])

    def _line_of(self, node: Node, side: Side) -> str:
        file, _, _ = node.place.rpartition(":")
        own = self._outline.nodes[0].place.rpartition(":")[0]
        return f":{side.line}" if file == own else f"{file}:{side.line}"

    def _side_sign(self, side: Side) -> Segment:
        if side.role == "matched":
            return self._signs.matched, "success"
        if side.role == "timed out":
            return self._signs.timeout, "muted"
        return (self._signs.failed, "error") if side.kind == "except" else (self._signs.branch, "muted")

    def _loop(self, node: Node, prefix: str, *, closed: bool) -> None:
        body = node.sides[0]
        mark, tone = sign(node, self._signs)
        pieces = [(f"{mark} ", tone), (clean(node.text), "text"), *self._not_gone(node)]
        pieces += [("  ", LINE), self._folded_text(node.sides)] if node.id in self._folded else []
        self.row(node, node.line, f"{prefix}├▸", [*pieces, (f"  {self._where(node)}", "muted")])
        if node.id in self._folded:
            return
        self.block(body.body, f"{prefix}╎ ")
        if not body.ends:
            end = "╰" if closed and node.ends else "├"
            self.row(None, 0, f"{prefix}{end}─╯", [(" next round", "muted"), ("", LINE)])
        for side in node.sides[1:]:
            self._hanging(node, side, prefix)

    def _try(self, node: Node, prefix: str, *, closed: bool) -> None:
        main = next(side for side in node.sides if side.kind == "body")
        self._frame(node, prefix, main.body)
        if node.id in self._folded:
            return
        for side in node.sides[1:]:
            if side.kind != "finally":
                self._hanging(node, side, prefix)
            elif side.body:
                pieces = [(side.text, "text"), (f"  {self._line_of(node, side)}", "muted")]
                self.row(node, side.line, f"{prefix}├╴", pieces)
                self.block(side.body, f"{prefix}┊ ")

    def _frame(self, node: Node, prefix: str, body: tuple[Node, ...]) -> None:
        """Nodes that stand inside something: a helper, a with, a try."""
        where = f"  {self._where(node)}"
        pieces = [(clean(title(node)), "text")]
        pieces += [(f"  {clean(remark)}", "muted") for remark in remarks(node)]
        pieces += [("  ", LINE), self._folded_text(node.sides)] if node.id in self._folded else []
        self.row(node, node.line, f"{prefix}├╴", [*pieces, (where, "muted")])
        if node.id not in self._folded:
            self.block(body, f"{prefix}┊ ")


def _percent(tally: NodeTally | None, role: Role) -> int | None:
    """The share of those who left a wait that went this way; None when it is not known."""
    if tally is None or not tally.left or role not in ("matched", "timed out"):
        return None
    return tally.percent(tally.matched if role == "matched" else tally.timed_out)


def _edge(tally: NodeTally | None, role: Role, start: str = "├") -> tuple[str, str, str]:
    """How the way to a side begins, goes on and ends: heavy where most go."""
    if (_percent(tally, role) or 0) < MOST_GO:
        return start, "─", "┐"
    return ("┝" if start == "├" else "┕"), "━", "┑"


def _belongs(branch: Node, wait: Node) -> bool:
    """Whether a branch tells no more than whether the wait before it matched."""
    if branch.kind != "branch" or wait.kind != "wait" or len(branch.sides) != 2:
        return False
    roles = {side.role for side in branch.sides}
    return roles == {"matched", "timed out"} and all(side.waits == (wait.id,) for side in branch.sides)


def _has_sides(node: Node) -> bool:
    return node.kind in ("branch", "loop", "try") or bool(node.sides)


def _is_large(node: Node) -> bool:
    return node.kind in ("start", "wait") or _has_sides(node)


def _rounded(ms: int) -> int:
    """A duration as short as it may be told: a median is no exact thing."""
    for unit in (86_400_000, 3_600_000, 60_000, 1_000):
        if ms >= unit * 10:
            return ms // unit * unit
    return ms // 100 * 100


def _short(count: int, room: int) -> str:
    """A count in no more than so many cells (four at least): "9,120", "121k", "10M"."""
    if len(text := f"{count:,}") <= room:
        return text
    if count < 1_000_000:
        return f"{count // 1_000}k"
    return f"{count // 1_000_000}M" if count < 1_000_000_000 else f"{count // 1_000_000_000}G"


def _fitted(pieces: list[Segment], room: int) -> list[Segment]:
    """Pieces in no more than `room` cells. The last is kept; the others give way from the right."""
    over = sum(cells(text) for text, _ in pieces) - room
    found = list(pieces)
    for at in range(len(found) - 2, -1, -1):
        if over <= 0:
            break
        text, tone = found[at]
        size = cells(text)
        # A remark is told whole or, when little of it would be left, not at all.
        keep = max(size - over, 0)
        keep = 0 if keep < 6 and at > 1 else max(keep, min(size, 2))
        found[at] = (cut(text, keep), tone)
        over -= size - cells(found[at][0])
    if over > 0 and found:
        text, tone = found[-1]
        found[-1] = (cut(text, max(cells(text) - over, 0)), tone)
    return found


def text_of(rows: list[DrawnRow], width: int | None = None) -> list[str]:
    """Rows as plain lines."""
    return [row.text if width is None else pad(row.text, width) for row in rows]

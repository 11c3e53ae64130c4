"""The paths of an exploration as a tree of rows, for whoever draws it. Pure.

    ◷ app/account.created                 1s  :26
    ├ ┃ timed out                         1s
    │ ◆ reminder/account.created
    │ ↻ pass 2
    └ ◉ matched

What all paths of a branch have in common stands once, above where they part. A loop that goes
round again and meets nothing new is one row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from studio.clocks import durations
from studio.design.explorer.explored_path import ExploredPath, PathStep, goes_round

FOLD_AFTER = 2
"""Rounds of a loop that are shown before the rest is folded, when it meets nothing new."""

SIGNS = {
    "wait": "◷",
    "any": "◷",
    "all": "◷",
    "sleep": "☾",
    "step": "■",
    "send": "◆",
    "split": "◇",
    "message": "◆",
    "log": "›",
    "pass": "↻",
    "completed": "✓",
    "failed": "✗",
    "exited": "⊘",
    "waits for ever": "∞",
    "never ends": "↻",
    "bound reached": "…",
}
_BRANCHES = {
    "not sent": "✗",
    "matched": "◉",
    "timed out": "┃",
    "done": "■",
    "failed": "✗",
    "waits for ever": "∞",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the tree."""

    depth: int
    """How many branches it stands in."""
    guide: str
    """The lines in front of it: "│ ├ "."""
    sign: str
    text: str
    time: str
    """How long after the beginning, at the least; "" where no time has passed since the row above."""
    line: str
    """ "onboarding.py:26"; "" for none."""
    paths: tuple[int, ...]
    """The paths that come through here, by their numbers from 1."""


def rows(paths: Sequence[ExploredPath], fold_after: int | None = FOLD_AFTER) -> list[Row]:
    """The rows of the tree, from the top.

    Args:
        paths: in the order of their decisions.
        fold_after: rounds of a loop that are shown before it is folded; None folds nothing.
    """
    return _Tree(paths, fold_after).rows


class _Tree:
    def __init__(self, paths: Sequence[ExploredPath], fold_after: int | None) -> None:
        self.rows: list[Row] = []
        self._paths = paths
        self._fold_after = fold_after
        self._spans: dict[tuple[str, ...], tuple[int, int]] = {}
        """The first and the last path that has a turn: neighbours in the tree are neighbours in the list."""
        for number, path in enumerate(paths):
            for turn in (*(step.turn for step in path.steps), _end_turn(path)):
                first, _ = self._spans.get(turn, (number, number))
                self._spans[turn] = (first, number)
        if paths:
            self._walk(list(range(len(paths))), 0, "", 0)

    def _walk(self, group: list[int], at: int, guide: str, depth: int) -> None:
        """Rows for the paths of a branch, which have the same steps up to `at`."""
        while True:
            heads = self._heads(group, at)
            if len(heads) == 1:
                path = self._paths[group[0]]
                if at >= len(path.steps):
                    self._end(group, guide, depth)
                    return
                self._passed(path, at, group, guide, depth)
                at += 1
                continue
            if self._is_more_of_the_same(group, at):
                ends = Counter(self._paths[number].end.kind for number in group)
                told = ", ".join(f"{count} {kind}" for kind, count in sorted(ends.items()))
                self._add(depth, guide, "↻", f"and so on: {len(group)} paths, {told}", "", "", group)
                return
            self._part(heads, at, group, guide, depth)
            return

    def _heads(self, group: list[int], at: int) -> list[list[int]]:
        """The paths, parted by their next step."""
        found: dict[object, list[int]] = {}
        for number in group:
            steps = self._paths[number].steps
            key = (*steps[at].turn, steps[at].name) if at < len(steps) else None
            found.setdefault(key, []).append(number)
        return list(found.values())

    def _part(self, heads: list[list[int]], at: int, group: list[int], guide: str, depth: int) -> None:
        """A decision: what it is about, then a branch for each outcome; the one that goes on comes last."""
        first = next((step for head in heads if (step := self._step(head[0], at)) is not None), None)
        if first is not None and first.kind not in ("pass", "log", "send"):
            limit = f"  {durations.show(first.timeout)}" if first.timeout is not None else ""
            self._add(depth, guide, SIGNS[first.kind], f"{first.name}{limit}", "", first.line, group)
        for head in reversed(heads):
            last = head is heads[0]
            step = self._step(head[0], at)
            before, below = guide + ("└ " if last else "├ "), guide + ("  " if last else "│ ")
            if step is None:
                self._end(head, before, depth + 1)
                continue
            sign, text = _branch(step)
            self._add(depth + 1, before, sign, text, self._time(head[0], at), "", head)
            if step.outcome != "waits for ever":
                self._walk(head, at + 1, below, depth + 1)

    def _passed(self, path: ExploredPath, at: int, group: list[int], guide: str, depth: int) -> None:
        """A step that all paths of the branch make."""
        step = path.steps[at]
        if step.outcome in ("matched before", "done before", "sent before"):
            return
        text = step.name.splitlines()[0] if step.name else ""
        sign = SIGNS[step.kind]
        if step.kind == "sleep":
            text = f"{step.name} {durations.show(step.timeout or 0)}"
        elif step.kind in ("wait", "any", "all", "split", "message"):
            text = f"{text}: {_branch(step)[1]}"
        elif step.outcome == "failed":
            sign = SIGNS["failed"]
        line = "" if step.kind == "pass" else step.line
        self._add(depth, guide, sign, text, self._time(group[0], at), line, group)

    def _end(self, group: list[int], guide: str, depth: int) -> None:
        path = self._paths[group[0]]
        end = path.end
        text: str = end.kind
        if end.kind == "completed":
            text += f" {json.dumps(end.result, ensure_ascii=False)}"
        elif end.text:
            text += f"  {end.text}"
        if end.hint:
            text += f"  ({end.hint})"
        if path.steps and path.steps[-1].outcome == "waits for ever" == end.kind:
            text = "waits for ever"
        line = end.line if end.kind in ("failed", "bound reached", "never ends") else ""
        time = durations.show(path.time) if path.time else ""
        self._add(depth, guide, SIGNS[end.kind], text, time, line, group)

    def _is_more_of_the_same(self, group: list[int], at: int) -> bool:
        if self._fold_after is None or len(group) < 2:
            return False
        turns = [step.turn for step in self._paths[group[0]].steps[:at]]
        if not goes_round(turns, self._fold_after):
            return False
        passed = set(turns)
        coming = {step.turn for number in group for step in self._paths[number].steps[at:]}
        # Where a path is cut off says nothing of where it goes.
        coming |= {
            _end_turn(self._paths[number])
            for number in group
            if self._paths[number].end.kind not in ("bound reached", "never ends")
        }
        first, last = group[0], group[-1]
        return all(
            turn in passed or self._spans[turn][0] < first or self._spans[turn][1] > last for turn in coming
        )

    def _step(self, number: int, at: int) -> PathStep | None:
        steps = self._paths[number].steps
        return steps[at] if at < len(steps) else None

    def _time(self, number: int, at: int) -> str:
        """The time of a step, where it is another than that of the one before it."""
        steps = self._paths[number].steps
        before = steps[at - 1].at if at else 0
        return durations.show(steps[at].at) if steps[at].at != before else ""

    def _add(
        self, depth: int, guide: str, sign: str, text: str, time: str, line: str, group: list[int]
    ) -> None:
        self.rows.append(Row(depth, guide, sign, text, time, line, tuple(number + 1 for number in group)))


def _branch(step: PathStep) -> tuple[str, str]:
    """Sign and text of an outcome."""
    sign = _BRANCHES.get(step.outcome, SIGNS[step.kind])
    if step.kind == "any" and step.outcome == "matched":
        ended = [each.name for each in step.members if each.outcome in ("matched", "done", "failed", "sent")]
        return sign, ", ".join(ended) or "matched"
    if step.kind == "all":
        return sign, ", ".join(f"{each.name} {each.outcome}" for each in step.members)
    if step.kind == "pass":
        return sign, f"{step.name}, at the next event"
    return sign, step.outcome or step.name


def _end_turn(path: ExploredPath) -> tuple[str, ...]:
    return ("end", path.end.kind, path.end.line, json.dumps(path.end.result))

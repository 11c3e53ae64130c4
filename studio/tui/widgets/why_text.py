"""An explanation in lines: what came of an entry, what nearly did, and what would. Pure."""

from __future__ import annotations

from studio.engine.inspect.explanation import Finding, Proposal, Why
from studio.engine.inspect.explanation_context import match_of
from studio.kernel.matching import FieldMismatch
from studio.tui.format.glyphs import glyphs
from studio.tui.format.pieces import Piece, Pieces
from studio.tui.format.text import literal, preview
from studio.wording.entries import group_name
from studio.wording.explanation import (
    NOTHING_SIMILAR,
    TRIGGERED_NOTHING,
    best_proposal,
    difference_words,
    proposal_words,
    value_words,
)
from studio.wording.times import clock
from studio.wording.values import PREVIEW_CHARS

Lines = list[Pieces]
SHORT_HINT = 32
"""Longer hints stand on a line of their own."""


def why_lines(why: Why) -> Lines:
    """The lines of the pane, the most telling first."""
    if why.entry.kind == "event":
        lines = _event(why)
    elif why.entry.kind == "wait.opened":
        lines = _wait(why)
    else:
        lines = _other(why)
    for finding in why.findings:
        lines += finding_lines(finding)
    if why.entry.kind == "wait.opened" and not why.findings:
        lines.append(((f" {NOTHING_SIMILAR}", "muted"),))
    if (best := best_proposal(why)) is not None:
        lines.append(((" e ", "accent"), ("fills it in corrected: ", "muted"), *_proposal(best)))
    return lines


def _event(why: Why) -> Lines:
    entry, mark = why.entry, glyphs()
    sign = mark.event if entry.journey is None else mark.sent
    head = [
        (f" {sign} ", "primary"),
        (literal(entry.name or ""), "strong"),
        (f"  {clock(entry.at)}", "muted"),
    ]
    head.append((f"  {preview(entry.data)}", "text"))
    lines: Lines = [tuple(head)]
    if not why.woke:
        near = ". Closest:" if why.findings else ", and nothing similar either"
        lines.append(((f" {TRIGGERED_NOTHING}", "warning"), (near, "muted")))
    return lines + _facts(why)


def _wait(why: Why) -> Lines:
    entry, mark = why.entry, glyphs()
    key = entry.key or ""
    name = literal(group_name(entry, key)) if key.startswith(("any", "all")) else literal(entry.name or "")
    head = [
        (f" {mark.wait if why.open else mark.stopped} ", "warning" if why.open else "muted"),
        (f"wait {name}", "strong"),
        (f"   opened {clock(entry.at, millis=True)}", "muted"),
        (f"   {literal(entry.line or '')}", "muted"),
        (f"   pass {entry.pass_number}", "muted"),
    ]
    lines: Lines = [tuple(head)]
    if match := match_of(entry):
        said = ", ".join(
            f"{literal(str(name))} = {_shown(value_words(value))}" for name, value in match.items()
        )
        lines.append((("   match             ", "muted"), (said, "text")))
    if why.answer is not None:
        lines.append((("   would match       ", "muted"), *_proposal(why.answer), ("   ⏎ fill in", "accent")))
    return lines + _facts(why)


def _other(why: Why) -> Lines:
    entry = why.entry
    head = [(f" {literal(entry.kind)}", "strong"), (f"  {clock(entry.at, millis=True)}", "muted")]
    head.append((f"  {literal(entry.line or '')}", "muted"))
    return [tuple(head), *_facts(why)]


def _facts(why: Why) -> Lines:
    return [((f"   {literal(fact)}", "text"),) for fact in why.facts]


def finding_lines(finding: Finding) -> Lines:
    """One thing, with the fields that differed."""
    mark = glyphs()
    sign, tone = {
        "woke": (mark.matched, "success"),
        "failed": (mark.failed, "error"),
        "near": (mark.similar, "warning"),
        "user": (mark.similar, "warning"),
        "over": (mark.timeout, "muted"),
        "trigger": (mark.again, "muted"),
    }[finding.kind]
    head: list[Piece] = [(f" {sign} ", tone)]
    if finding.at is not None:
        head.append((f"{clock(finding.at)} ", "muted"))
    head.append((literal(finding.what), "text"))
    below: Lines = []
    if finding.hint:
        hint = (literal(finding.hint), "warning" if finding.proposal is not None else "muted")
        if len(finding.hint) <= SHORT_HINT:
            head += [("   ", "text"), hint]
        else:
            below.append((("      ", "text"), hint))
    if finding.line:
        head.append((f"   {literal(finding.line)}", "muted"))
    return [tuple(head), *below, *((("      ", "text"), *_difference(each)) for each in finding.differences)]


def _difference(difference: FieldMismatch) -> tuple[Piece, ...]:
    field, expected, got = difference_words(difference)
    return (
        (literal(field), "strong"),
        ("  expected ", "muted"),
        (_shown(expected), "success"),
        ("  got ", "muted"),
        (_shown(got), "warning"),
    )


def _proposal(proposal: Proposal) -> tuple[Piece, ...]:
    event, user, data = proposal_words(proposal)
    return ((f"{literal(event)} ", "text"), (f"{literal(user)} ", "text"), (_shown(data), "text"))


def _shown(words: str) -> str:
    """As much of a value as any row can show."""
    return literal(words[:PREVIEW_CHARS])

"""An explanation in lines: what came of an entry, what nearly did, and what would. Pure."""

from __future__ import annotations

from studio.engine.matching import MISSING, Difference
from studio.engine.scene import match_of
from studio.engine.why import Finding, Proposal, Why
from studio.tui.widgets.pieces import Piece, Pieces
from studio.tui.widgets.signs import signs
from studio.tui.widgets.text import literal, preview
from studio.tui.widgets.times import clock

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
        lines.append(((" no event came near it so far", "muted"),))
    best = next((each.proposal for each in why.findings if each.proposal is not None), None)
    if best is not None:
        lines.append(((" e ", "accent"), ("opens it mended: ", "muted"), *_proposal(best)))
    return lines


def _event(why: Why) -> Lines:
    entry, mark = why.entry, signs()
    sign = mark.event if entry.journey is None else mark.sent
    head = [
        (f" {sign} ", "primary"),
        (literal(entry.name or ""), "strong"),
        (f"  {clock(entry.at)}", "muted"),
    ]
    head.append((f"  {preview(entry.data)}", "text"))
    lines: Lines = [tuple(head)]
    if not why.woke:
        near = "; these came near:" if why.findings else ", and nothing came near it"
        lines.append(((" woke nothing", "warning"), (near, "muted")))
    return lines + _facts(why)


def _wait(why: Why) -> Lines:
    entry, mark = why.entry, signs()
    head = [
        (f" {mark.wait if why.open else mark.stopped} ", "warning" if why.open else "muted"),
        (f"wait {literal(entry.name or '')}", "strong"),
        (f"   opened {clock(entry.at, millis=True)}", "muted"),
        (f"   {literal(entry.line or '')}", "muted"),
        (f"   pass {entry.pass_number}", "muted"),
    ]
    lines: Lines = [tuple(head)]
    if match := match_of(entry):
        said = ", ".join(f"{literal(str(name))} = {preview_value(value)}" for name, value in match.items())
        lines.append((("   match             ", "muted"), (said, "text")))
    if why.answer is not None:
        lines.append((("   would answer it   ", "muted"), *_proposal(why.answer), ("   ⏎ fill in", "accent")))
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
    mark = signs()
    sign, tone = {
        "woke": (mark.matched, "success"),
        "near": (mark.near, "warning"),
        "user": (mark.near, "warning"),
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


def _difference(difference: Difference) -> tuple[Piece, ...]:
    got = "nothing" if difference.got is MISSING else preview_value(difference.got)
    return (
        (literal(difference.field), "strong"),
        ("  expected ", "muted"),
        (preview_value(difference.expected), "success"),
        ("  got ", "muted"),
        (got, "error"),
    )


def _proposal(proposal: Proposal) -> tuple[Piece, ...]:
    return (
        (f"{literal(proposal.event)} ", "text"),
        (f"{literal(proposal.user)} ", "text"),
        (preview(dict(proposal.data)) or "{}", "text"),
    )


def preview_value(value: object) -> str:
    """A value on one line; also null and {}, which `preview` leaves out."""
    return "null" if value is None else "{}" if value == {} else preview(value)

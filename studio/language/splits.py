"""Dividing users into arms: what may be asked for, and who gets which. Pure.

Who gets which is a hash of the store's salt, the workflow, the split and the user, and of nothing else:
the same wherever it is drawn. It is drawn once; from then on the recorded draw counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from studio.language.arguments import wrong
from studio.language.commands import Place
from studio.language.names import fault

HOLDOUT = "holdout"
"""The name of the draw that `@workflow(holdout=…)` makes."""
WHOLE = 100
SLIP = 1e-6
"""So much may be lost of 100 where thirds are written as 33.3333."""


def read_arms(name: object, arms: object, gone: object, place: Place) -> dict[str, float]:
    """Check what a split is asked for; gives its arms with their percentages, in the order written.

    Raises:
        WorkflowError: they are no arms, or do not add up to 100.
    """
    example = 'Write journey.split("subject", {"a": 50, "b": 50}).'
    if why := fault(name):
        raise wrong(place, f"the split's name {why}", example)
    if name == HOLDOUT:
        raise wrong(
            place, f'a split is named "{HOLDOUT}", which is the name of what @workflow(holdout=…) draws'
        )
    what = f'split "{name}"'
    if not isinstance(arms, Mapping) or not arms:
        raise wrong(place, f"{what} has no arms", example)
    found: dict[str, float] = {}
    for arm, share in arms.items():
        if why := fault(arm):
            raise wrong(place, f"an arm of {what} {why}", example)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= WHOLE:
            raise wrong(
                place, f'{what} gives the arm "{arm}" {share!r:.40} per cent', "Use numbers from 0 to 100."
            )
        found[arm] = share
    whole = sum(found.values())
    if abs(whole - WHOLE) > SLIP * WHOLE:
        fix = "Say how many of a hundred get each arm."
        if abs(whole - 1) < SLIP:
            fix = "These are parts of one: write 50 for a half, not 0.5."
        raise wrong(place, f"the percentages of {what} add up to {whole:g}, not to 100", fix)
    if gone is not None and gone not in found:
        raise wrong(
            place,
            f"{what} has gone={gone!r:.80}, which is none of its arms",
            f"It is where people go whose arm is no longer there: {', '.join(found)}.",
        )
    return found


def draw(seed: str, workflow: str, split: str, user: str, arms: Mapping[str, float]) -> str:
    """The arm that a user gets.

    Args:
        arms: with their percentages; one of 0 gets nobody.
    """
    left = point(seed, workflow, split, user) * WHOLE
    last = ""
    for arm, share in arms.items():
        if share <= 0:
            continue
        if left < share:
            return arm
        left -= share
        last = arm
    # What is lost of 100 by rounding is the last arm's.
    return last


def point(seed: str, workflow: str, what: str, user: str) -> float:
    """Where a user stands in what a workflow divides: from 0 up to 1."""
    # None of them has a control character (`names.fault`), so that no two are the same text.
    digest = hashlib.sha256(f"{seed}\0{workflow}\0{what}\0{user}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53

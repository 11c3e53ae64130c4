"""What an explanation consists of: findings, and the events that would have done it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.kernel.matching import FieldMismatch
from studio.store.records import Entry

MOST_FINDINGS = 40


@dataclass(frozen=True, slots=True)
class Proposal:
    """An event that would have done it."""

    event: str
    user: str
    data: Mapping[str, Any]
    wait: int | None = field(default=None, compare=False)
    """`seq` of the open wait that is asked about, when it carries no more than its match."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an event did or nearly did, or that nearly ended a wait."""

    kind: Literal["woke", "failed", "near", "over", "trigger", "user"]
    what: str
    """What it is about: "onboarding waits for app/login"."""
    at: int | None = None
    """The moment of `seq`, milliseconds since 1970, UTC."""
    line: str | None = None
    seq: int | None = None
    """The entry that tells more."""
    differences: tuple[FieldMismatch, ...] = ()
    hint: str = ""
    """In what it differs, or what to do, in a few words."""
    proposal: Proposal | None = None
    far: int = 0
    """How far it is from having happened."""


@dataclass(frozen=True, slots=True)
class Why:
    """The explanation of an entry."""

    entry: Entry
    title: str
    findings: tuple[Finding, ...]
    answer: Proposal | None = None
    """What would end an open wait."""
    open: bool = False
    """The wait that is explained is still open."""
    facts: tuple[str, ...] = ()

    @property
    def woke(self) -> bool:
        """Whether anything came of it."""
        return any(each.kind in ("woke", "failed") for each in self.findings)

    @property
    def proposal(self) -> Proposal | None:
        """The nearest event that would have done it, else what would."""
        return next((each.proposal for each in self.findings if each.proposal is not None), self.answer)

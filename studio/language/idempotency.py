"""Idempotency keys of steps: the same for the same journey, pass and step, however often it is attempted."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from studio.language.journey_ids import Parts, escaped, exact_id, plain_id


def idempotency_key(salt: str, scope: str) -> str:
    """The same for the same journey, pass and step in this store, and in forks of it.

    Not made anew in a fork: a step that both come to is one effect, which a service that
    honours the key makes once, whichever of the two a person lets run first.
    """
    return hashlib.blake2b(f"{salt}/{scope}".encode(), digest_size=16).hexdigest()


def scope_of(journey: str, pass_number: int, key: str, once: bool) -> str:
    """What an idempotency key is made from: one for all attempts, and with `once=` for all passes.

    Args:
        key: of the step, escaped as the journey's id is, so that no two steps have one scope.
    """
    return f"{journey}/{key}" if once else f"{journey}/{pass_number}/{key}"


class StepKeys(NamedTuple):
    """The idempotency key of a step, and under which keys its result is kept when a cut takes it away."""

    own: str
    again: str | None = None
    """Of a journey from before ids were escaped: the key that the step has if the journey begins anew."""
    before: str | None = None
    """Of one since then, in a store of before: the key that the step had if the journey was there already."""

    @property
    def kept(self) -> tuple[str, ...]:
        """Under which the result is kept."""
        return (self.own,) if self.again is None else (self.own, self.again)


NO_KEYS = StepKeys("")
"""Of a step that nothing is kept of."""


def step_keys(
    salt: str, parts: Parts, is_escaped: bool, pass_number: int, key: str, once: bool, *, mixed: bool = True
) -> StepKeys:
    """The keys of a step of a journey.

    Args:
        key: of the step, as text.
        mixed: the store may have journeys from before ids were escaped.
    """
    new = scope_of(exact_id(*parts), pass_number, escaped(key), once)
    old = new if is_escaped and not mixed else scope_of(plain_id(*parts), pass_number, key, once)
    if new == old:
        return StepKeys(idempotency_key(salt, new))
    now, before = idempotency_key(salt, new), idempotency_key(salt, old)
    return StepKeys(now, before=before) if is_escaped else StepKeys(before, again=now)

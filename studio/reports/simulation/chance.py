"""Chances and delays as hashes: the same for the same person, whatever else happens.

So two versions of a workflow can be compared person by person.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from statistics import NormalDist

NINE_OF_TEN = NormalDist().inv_cdf(0.9)
_NORMAL = NormalDist()
_SCALE = 2.0**-53


def uniform(seed: str, *parts: str | int) -> float:
    """A number strictly between 0 and 1 that nothing but its parts decides."""
    # Each part with its length: no two lists of parts have one text.
    text = "".join(f"{len(str(part))}:{part}" for part in (seed, *parts))
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return ((int.from_bytes(digest, "big") >> 11) + 0.5) * _SCALE


@dataclass(frozen=True, slots=True)
class Delay:
    """How long something takes: half of people are done by `p50_ms`, nine of ten by `p90_ms` (log-normal)."""

    p50_ms: int
    p90_ms: int

    def at(self, share: float) -> int:
        """Milliseconds by which this share of people, from 0 to 1, is done."""
        if self.p50_ms <= 0:
            return 0
        spread = math.log(self.p90_ms / self.p50_ms) / NINE_OF_TEN
        return round(self.p50_ms * math.exp(spread * _NORMAL.inv_cdf(share)))
